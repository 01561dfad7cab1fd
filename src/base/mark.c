/*
 * NAME     mark - what this program or library is
 * PURPOSE  Compiled into each with its own MARK_NAME, as a source of its own: nothing refers to it, and
 *          nothing is run for it.
 * SEE      services/elf.h, which finds it; elf(5)
 */
#include "base/mark.h"

#define MARK_TEXT MARK_NAME " " TCPWRAP_VERSION

_Static_assert(sizeof MARK_OWNER == MARK_OWNER_BYTES, "an owner without padding");
_Static_assert(sizeof MARK_TEXT <= MARK_TEXT_BYTES, "a text that fits");

__attribute__((used, section(".note.tcpwrap"), aligned(4))) static const struct mark mark = {
    sizeof MARK_OWNER, MARK_TEXT_BYTES, MARK_KIND, MARK_OWNER, MARK_TEXT};
