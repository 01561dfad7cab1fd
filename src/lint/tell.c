/*
 * NAME     tell - a remark becomes a finding
 * PURPOSE  Texts come from data/lints.def; nothing here knows a single one. All that comes from a
 *          file is escaped, but for the line itself and its mended form, which are raw.
 * LIMITS   TEXT_MAX: of a subject, enough to recognise it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"

enum { TEXT_MAX = 1024, SUBJECT_MAX = 160 };

enum { NOTE = LINT_NOTE, WARNING = LINT_WARNING, ERROR = LINT_ERROR };
enum {
	NONE = LINT_MEND_NONE,
	SHOWN = LINT_MEND_SHOWN,
	SAME = LINT_MEND_SAME,
	MORE = LINT_MEND_MORE,
	LESS = LINT_MEND_LESS,
	REFUSES = LINT_MEND_REFUSES
};
enum {
	NARROWER = RELATION_NARROWER,
	WIDER = RELATION_WIDER,
	EITHER = RELATION_EITHER,
	DEAD = RELATION_DEAD,
	RELATIONS
};

const struct lint_spec lint_specs[LINT_IDS] = {
#define LINT(id, name, severity, mend, message, debian, plain, in_allow, in_deny, remedy, example) \
	[LINT_##id] = {name, (enum lint_severity)(severity), (enum lint_mend)(mend), message,      \
	    debian, plain, {in_allow, in_deny}, remedy, example},
#define EFFECT(...)
#include "lints.def"
#undef LINT
#undef EFFECT
};

static const char *const effects[RELATIONS][2][2] = {
#define LINT(id, ...)
#define EFFECT(kind, grants, excepted, text) [kind][grants][excepted] = text,
#include "lints.def"
#undef LINT
#undef EFFECT
};

enum lint_id
lint_find(const char *name)
{
	unsigned id = 0;

	while (id < LINT_IDS && !str_is(name, strlen(name), lint_specs[id].name))
		id++;
	return (enum lint_id)id;
}

/* A text of the table, its %s and %m filled in. */
static const char *
fill(struct buf *buf, const char *text, const struct remark *remark, const char *meaning)
{
	for (; *text != '\0'; text++) {
		if (text[0] == '%' && text[1] == 's') {
			size_t shown =
			    remark->subject_len < SUBJECT_MAX ? remark->subject_len : SUBJECT_MAX;

			buf_add_escaped(buf, remark->subject, shown);
			buf_add_str(buf, shown < remark->subject_len ? "..." : "");
			text++;
		} else if (text[0] == '%' && text[1] == 'm') {
			buf_add_str(buf, meaning != NULL ? meaning : "");
			text++;
		} else {
			buf_add_char(buf, *text);
		}
	}
	return buf->len > 0 ? buf->bytes : "";
}

static const char *
effect_of(const struct place *place, const struct remark *remark)
{
	const char *own = lint_specs[remark->id].effects[place->table];

	if (*own != '\0' || remark->relation == RELATION_SAME)
		return own;
	return effects[remark->relation][place->grants][place->is_excepted];
}

/* Adding to whom a rule refuses, or taking from whom it lets in, lets nobody in: behind EXCEPT it is the
 * other way round. */
static bool
is_safe(const struct place *place, const struct remark *remark)
{
	bool grants = place->outcome == OUTCOME_GRANTS;

	if (remark->is_doubtful || place->is_partial || place->is_list)
		return false;
	switch (lint_specs[remark->id].mend) {
	case LINT_MEND_SAME:
	case LINT_MEND_REFUSES:
		return true;
	case LINT_MEND_MORE:
		return place->outcome != OUTCOME_OPEN && grants == place->is_excepted;
	case LINT_MEND_LESS:
		return place->outcome != OUTCOME_OPEN && grants != place->is_excepted;
	case LINT_MEND_NONE:
	case LINT_MEND_SHOWN:
	case LINT_MENDS:
		break;
	}
	return false;
}

/* The line with the remark's cut made. NULL: none, or no memory. */
static char *
mend(struct place *place, const struct remark *remark, size_t *ret_len)
{
	size_t before, after;
	char *mended;

	*ret_len = 0;
	if (remark->cut == NULL || place->has_nul || place->len > LINT_LINE_MAX)
		return NULL;
	before = (size_t)(remark->cut - place->text);
	after = place->len - before - remark->cut_len;
	mended = malloc(before + remark->by_len + after + 1);
	if (mended == NULL) {
		place->failed = true;
		return NULL;
	}
	memcpy(mended, place->text, before);
	if (remark->by_len > 0)
		memcpy(mended + before, remark->by, remark->by_len);
	memcpy(mended + before + remark->by_len, remark->cut + remark->cut_len, after);
	*ret_len = before + remark->by_len + after;
	/* It would go on in the next line. */
	if (*ret_len == 0 || mended[*ret_len - 1] != '\\')
		return mended;
	free(mended);
	*ret_len = 0;
	return NULL;
}

void
tell_mend(struct remark *remark, const char *from, const char *to, const char *by)
{
	remark->cut = from;
	remark->cut_len = (size_t)(to - from);
	remark->by = by;
	remark->by_len = strlen(by);
}

void
tell(struct place *place, const struct remark *remark)
{
	const struct lint_spec *spec = &lint_specs[remark->id];
	char storage[3][TEXT_MAX + 1];
	struct buf bufs[3];
	struct finding finding = {.id = remark->id,
	    .differs = remark->differs,
	    .table = place->table,
	    .file = place->file,
	    .first_line = place->first_line,
	    .line = place->line,
	    .text = place->text,
	    .len = place->len < LINT_LINE_MAX ? place->len : LINT_LINE_MAX};
	char *mended = mend(place, remark, &finding.mended_len);

	for (int i = 0; i < 3; i++)
		buf_init(&bufs[i], storage[i], sizeof storage[i], TEXT_MAX);
	if (remark->at != NULL)
		finding.column = (size_t)(remark->at - place->text) + 1;
	finding.mended = mended;
	if (mended != NULL) {
		finding.cut = (size_t)(remark->cut - place->text);
		finding.cut_len = remark->cut_len;
		finding.by = remark->by;
		finding.by_len = remark->by_len;
		finding.is_safe = is_safe(place, remark);
	}
	finding.message = fill(&bufs[0], spec->message, remark, NULL);
	finding.debian = fill(&bufs[1], spec->debian, remark, remark->debian);
	finding.plain =
	    place->mode == LINES_CLASSIC ? "" : fill(&bufs[2], spec->plain, remark, remark->plain);
	finding.effect = effect_of(place, remark);
	finding.remedy = spec->remedy;
	place->lint->take(place->lint->ctx, &finding);
	free(mended);
	for (int i = 0; i < 3; i++)
		buf_release(&bufs[i]);
}
