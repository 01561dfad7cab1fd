/*
 * NAME     attribute - settings to members of an entry
 * PURPOSE  Finds the attribute, and checks what its line of data/attributes.def says of where and
 *          how it may stand; the value is its shape's.
 * INVARIANTS  A setting that is not understood loses its block: it may have kept clients out.
 * SEE      inetd.conf(5), xinetd.conf(5)
 */
#include "cmd/inetd/conf/attribute.h"

#include <stddef.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "cmd/inetd/conf/shape.h"

#undef FLAG
#undef REFUSED

#define SERVICE IN_SERVICE
#define DEFAULTS IN_DEFAULTS
#define BOTH (IN_SERVICE | IN_DEFAULTS)
#define ONCE SIGNS_ONCE
#define ADD SIGNS_ADD
#define SET SIGNS_SET
#define LINE IN_LINE
#define BLOCK IN_BLOCK
#define GUARD IN_GUARD
#define FLAG(name, bit)
#define REFUSED(of, name, severity, why)
#define ATTRIBUTE(name, where, signs, in_line, shape, member, least, most, argument, help)         \
	[A_##name] = {#name, where, signs, in_line, read_##shape, write_##shape,                   \
	    offsetof(struct conf_entry, member), least, most, argument, help},

const struct attribute attributes[ATTRIBUTES] = {
#include "attributes.def"
};

#undef ATTRIBUTE
#undef FLAG
#undef REFUSED

#define ATTRIBUTE(name, where, signs, in_line, shape, member, least, most, argument, help)
#define REFUSED(of, name, severity, why)
#define FLAG(name, bit) {#name, bit},

static const struct {
	const char *name;
	unsigned bit;
} flags[] = {
#include "attributes.def"
};

#undef FLAG
#undef REFUSED

#define WARNING CONF_WARNING
#define ERROR CONF_ERROR
#define FLAG(name, bit)
#define REFUSED(of, name, severity, why) {#of, #name, severity, why},

static const struct refusal refusals[] = {
#include "attributes.def"
};

static bool
is_name(const char *a, const char *b)
{
	return str_is(a, strlen(a), b);
}

bool
attribute_flag(const char *word, unsigned *ret)
{
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (is_name(word, flags[i].name)) {
			*ret = flags[i].bit;
			return true;
		}
	}
	return false;
}

const char *
attribute_flag_name(size_t index, unsigned *ret_bit)
{
	if (index >= sizeof flags / sizeof flags[0])
		return NULL;
	*ret_bit = flags[index].bit;
	return flags[index].name;
}

const struct refusal *
attribute_refusal(const char *of, const char *name)
{
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (strcmp(of, refusals[i].of) == 0 && is_name(name, refusals[i].name))
			return &refusals[i];
	return NULL;
}

static const struct attribute *
find(const char *name)
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (attributes[i].name[0] == str_lower(name[0]) &&
		    is_name(name, attributes[i].name))
			return &attributes[i];
	return NULL;
}

/* "NAME = ARGUMENT" with other words around it. */
static void
note_with(
    struct conf *conf, enum conf_code code, const struct conf_word *at, const char *const words[])
{
	char storage[256];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	for (; *words != NULL; words++)
		buf_add_str(&buf, *words);
	conf_note_how(conf, code, at, buf.bytes);
}

bool
attribute_bad(const struct value *value, enum conf_code code, const struct conf_word *at)
{
	const struct attribute *attribute = value->attribute;

	note_with(value->builder->conf, code, at,
	    (const char *const[]){"write ", attribute->name, " = ", attribute->argument, NULL});
	return false;
}

/* No attribute; is it one that we know of, or nearly one? */
static void
tell_unknown(struct builder *builder, const struct conf_word *name)
{
	const struct refusal *refusal = attribute_refusal("attribute", name->text);
	size_t len = strlen(name->text);

	if (refusal != NULL) {
		conf_note_how(builder->conf,
		    refusal->severity == CONF_ERROR ? CONF_REFUSED : CONF_IGNORED, name,
		    refusal->why);
		return;
	}
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		if (near_is(name->text, len, attributes[i].name)) {
			note_with(builder->conf, CONF_UNKNOWN_ATTRIBUTE, name,
			    (const char *const[]){"did you mean ", attributes[i].name, "?", NULL});
			return;
		}
	}
	conf_note(builder->conf, CONF_UNKNOWN_ATTRIBUTE, name);
}

static bool
may_stand(
    const struct builder *builder, const struct attribute *attribute, const struct setting *setting)
{
	struct conf *conf = builder->conf;

	if ((attribute->where & (builder->is_defaults ? IN_DEFAULTS : IN_SERVICE)) == 0) {
		conf_note(conf, builder->is_defaults ? CONF_NOT_IN_DEFAULTS : CONF_NOT_IN_SERVICE,
		    &setting->name);
		return false;
	}
	if ((attribute->signs == SIGNS_ONCE && setting->sign != SIGN_SET) ||
	    (attribute->signs == SIGNS_ADD && setting->sign == SIGN_TAKE)) {
		conf_note(conf, CONF_BAD_SIGN, &setting->name);
		return false;
	}
	if (attribute->signs == SIGNS_ONCE && builder->is_seen[attribute - attributes]) {
		conf_note(conf, CONF_TWICE, &setting->name);
		return false;
	}
	return true;
}

void
attribute_set(struct builder *builder, const struct setting *setting)
{
	const struct attribute *attribute = find(setting->name.text);
	struct value value = {.builder = builder,
	    .attribute = attribute,
	    .sign = setting->sign,
	    .name = &setting->name,
	    .items = setting->values.items,
	    .count = setting->values.count};

	if (attribute == NULL) {
		tell_unknown(builder, &setting->name);
		return;
	}
	if (!may_stand(builder, attribute, setting))
		return;
	if (attribute->read(&value))
		builder->is_given[attribute - attributes] = true;
	builder->is_seen[attribute - attributes] = true;
}
