/*
 * NAME     wrapper_unit - tcpd in a systemd unit
 * PURPOSE  A drop-in sets the command anew: "@", so that the program's path is tcpd's argv[0]; the other
 *          prefixes and the arguments as they are.
 * SEE      systemd.service(5), systemd.unit(5)
 */
#include <string.h>

#include "services/part.h"
#include "services/wrapper.h"

static enum wrapper_code
decide(const struct wrapper *wrapper, const struct unit *unit, struct wrapper_words *ret)
{
	if (unit->number == 0 || unit->path[0] == '\0')
		return WRAPPER_INCOMPLETE;
	if (unit->has_several)
		return WRAPPER_SEVERAL;
	if (!unit->is_input)
		return WRAPPER_SOCKET;
	return wrapper_decide(wrapper, unit->path,
	    unit->has_name && unit->first[0] != '\0' ? unit->first : unit->path, ret);
}

static void
add_command(const struct wrapper *wrapper, const struct unit *unit, struct buf *ret)
{
	const char *at = unit->command, *path, *behind;
	size_t prefixes = strspn(at, "@-:+!|"), len = strlen(at) - prefixes, path_len;
	char word[UNIT_WORD_MAX];

	for (size_t i = 0; i < prefixes; i++)
		if (at[i] != '@')
			buf_add_char(ret, at[i]);
	path = behind = at + prefixes;
	unit_next(&behind, &len, word);
	path_len = (size_t)(behind - path);
	if (unit->has_name)
		unit_next(&behind, &len, word);
	buf_add_char(ret, '@');
	buf_add_str(ret, wrapper->tcpd);
	buf_add_char(ret, ' ');
	buf_add(ret, path, path_len);
	buf_add(ret, behind, len);
}

bool
wrapper_unit(const struct wrapper *wrapper, const struct unit *unit, struct buf *ret)
{
	struct wrapper_words words;
	enum wrapper_code code = decide(wrapper, unit, &words);
	bool is_wrapped = strcmp(path_base(unit->path), "tcpd") == 0;

	if (code == WRAPPER_CHANGED) {
		buf_add_str(ret, "[Service]\nExecStart=\nExecStart=");
		add_command(wrapper, unit, ret);
		buf_add_char(ret, '\n');
	}
	wrapper->tell(wrapper->ctx, unit->number, code, is_wrapped ? unit->first : unit->path);
	return !ret->failed;
}
