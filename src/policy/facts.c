/*
 * NAME     facts - an address as both ways see it
 * INVARIANTS  The classic way sees text; the plain way sees the value; agrees says that one serves.
 */
#include "policy/facts.h"

#include <string.h>

#include "base/str.h"
#include "policy/classic.h"

/* The one spelling of a mapped address that the classic way knows. */
static size_t
mapped_prefix_len(const char *text, size_t len)
{
	static const char prefix[] = "::ffff:";
	size_t skip = sizeof prefix - 1;
	uint32_t quad;

	if (len <= skip || !str_eq_nocase(text, skip, prefix, skip))
		return 0;
	return classic_quad(text + skip, len - skip, &quad) ? skip : 0;
}

bool
addr_fact_init(struct addr_fact *fact, const char *text, const struct facts *facts)
{
	size_t len = strlen(text), skip = mapped_prefix_len(text, len), scope_len;
	const char *scope;

	memset(fact, 0, sizeof *fact);
	fact->text = text + skip;
	fact->len = len - skip;
	fact->unknown = str_is(text, len, "unknown");
	fact->typed = addr_parse(text, len, &fact->addr, &scope, &scope_len);
	if (fact->typed && scope_len > 0) {
		int found =
		    facts->ops->scope(facts->ctx, scope, scope_len, &fact->addr, &fact->addr.scope);

		fact->typed = found > 0;
		if (found < 0)
			return false;
	}
	if (!fact->typed)
		return true;
	fact->is_v4 = addr_is_v4(&fact->addr);
	fact->v4 = addr_v4_bits(&fact->addr);
	fact->canonical_len = addr_format(&fact->addr, fact->canonical);
	if (scope_len > 0 && fact->canonical_len + 1 + scope_len < sizeof fact->canonical) {
		fact->canonical[fact->canonical_len] = '%';
		memcpy(fact->canonical + fact->canonical_len + 1, scope, scope_len);
		fact->canonical_len += 1 + scope_len;
		fact->canonical[fact->canonical_len] = '\0';
	}
	/* The classic way takes this address for the failure to read one. */
	if (fact->is_v4 && fact->v4 == UINT32_MAX)
		return true;
	fact->agrees =
	    fact->canonical_len == fact->len && memcmp(fact->canonical, fact->text, fact->len) == 0;
	return true;
}
