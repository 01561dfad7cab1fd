/*
 * NAME     expand - % letters
 * INVARIANTS  Values are filtered, the rule's own text is not. The request is never written to.
 * LIMITS   The buffer's maximum; a longer result fails, it is not cut.
 */
#include "policy/expand.h"

#include <string.h>

#include "base/str.h"

static const char letters[EXPANSION_IDS] = {
#define EXPANSION(letter, id, help) [EXPANSION_##id] = letter,
#include "expansions.def"
#undef EXPANSION
};

/* The subject of "expansion too long" is cut to this, as the frozen text has it. */
enum { TOO_LONG_SHOWN = 30 };

static bool
is_harmless(char c)
{
	return str_is_digit(c) || (str_lower(c) >= 'a' && str_lower(c) <= 'z') ||
	    (c != '\0' && strchr("!@%-_=+:,./", c) != NULL);
}

static bool
add_value(const char *value, struct buf *out)
{
	bool ok = true;

	for (; *value != '\0' && ok; value++)
		ok = buf_add_char(out, is_harmless(*value) ? *value : '_');
	return ok;
}

/* Replace one letter. */
static bool
add_letter(const struct expander *expander, char letter, struct buf *out, struct diag *diag)
{
	const char *found = memchr(letters, letter, sizeof letters), *value;
	char subject[] = {'%', letter, '\0'};

	if (letter == '%')
		return buf_add_char(out, '%');
	if (found == NULL) {
		diag_set(diag, DIAG_EXPANSION_UNKNOWN, subject, 2);
		expander->report(expander->ctx, diag);
		return true;
	}
	value = expander->value(expander->ctx, (enum expansion_id)(found - letters));
	if (value == NULL) {
		diag_set(diag, DIAG_LOOKUP_FAULT, subject, 2);
		return false;
	}
	return add_value(value, out);
}

bool
expand(const struct expander *expander, const char *text, size_t len, struct buf *out,
    struct diag *diag)
{
	for (size_t i = 0; i < len; i++) {
		size_t before = out->len;
		bool ok = text[i] == '%' && i + 1 < len ? add_letter(expander, text[++i], out, diag)
		                                        : buf_add_char(out, text[i]);

		if (ok)
			continue;
		if (out->failed)
			diag_set(diag,
			    out->len < out->max_bytes ? DIAG_NO_MEMORY : DIAG_EXPANSION_TOO_LONG,
			    out->bytes != NULL ? out->bytes : "",
			    before < TOO_LONG_SHOWN ? before : TOO_LONG_SHOWN);
		return false;
	}
	return buf_reserve(out, 0);
}
