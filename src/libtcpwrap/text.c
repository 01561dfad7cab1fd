/*
 * NAME     text - what values of the public enums say
 * PURPOSE  Texts are lines of data/tcpwrap.def; nothing here knows a single one.
 */
#include "libtcpwrap/public.h"

static const char *const statuses[] = {
#define STATUS(id, text) [TW_##id] = text,
#include "tcpwrap.def"
};

static const char *const verdicts[] = {
#define VERDICT(id, text) [TW_##id] = text,
#include "tcpwrap.def"
};

static const char *const reasons[] = {
#define REASON(id, text) [TW_##id] = text,
#include "tcpwrap.def"
};

static const char *const faults[] = {
#define FAULT(id, text) [TW_FAULT_##id] = text,
#include "tcpwrap.def"
};

static const char *const readings[] = {
#define READING(id, text) [TW_READING_##id] = text,
#include "tcpwrap.def"
};

/* A program may have the value from elsewhere. */
#define TEXT_OF(texts, value)                                                                      \
	((size_t)(value) < sizeof(texts) / sizeof *(texts) ? (texts)[(size_t)(value)] : "")

const char *
tw_status_text(enum tw_status status)
{
	return TEXT_OF(statuses, status);
}

const char *
tw_verdict_text(enum tw_verdict verdict)
{
	return TEXT_OF(verdicts, verdict);
}

const char *
tw_reason_text(enum tw_reason reason)
{
	return TEXT_OF(reasons, reason);
}

const char *
tw_fault_text(enum tw_fault fault)
{
	return TEXT_OF(faults, fault);
}

const char *
tw_reading_text(enum tw_reading reading)
{
	return TEXT_OF(readings, reading);
}
