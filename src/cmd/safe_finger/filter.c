/*
 * NAME     filter - bytes of a stranger to text
 * PURPOSE  What comes out has printable ASCII and white space only, in lines of a bounded length, and
 *          no line begins with anything but a space: a mail program finds no command in it ("~!"), nor
 *          a mailbox a new message.
 * INVARIANTS  But for the line end of the network, CR LF, nothing is lost: backslashes are doubled, and
 *          other bytes are spelled as three octal digits. How an answer is divided into pieces does
 *          not show.
 * LIMITS   FILTER_INPUT_MAX, counted behind the line ends.
 * SEE      safe_finger(8) OUTPUT, RFC 1288 3.3
 */
#include "cmd/safe_finger/filter.h"

#include "base/str.h"

#define CUT_NOTE "\n\n Input truncated to 100000 bytes...\n"

_Static_assert(sizeof CUT_NOTE <= FILTER_NOTE_MAX, "the note fits");
_Static_assert(FILTER_INPUT_MAX == 100000, "the note says it");

static void
add_octal(struct buf *out, unsigned char c)
{
	char digits[] = {
	    '\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)), (char)('0' + (c & 7))};

	buf_add(out, digits, sizeof digits);
}

static void
add_spelled(struct buf *out, char c)
{
	if (c == '\\')
		buf_add_str(out, "\\\\");
	else if ((c >= ' ' && c <= '~') || str_is_space(c))
		buf_add_char(out, c);
	else
		add_octal(out, (unsigned char)c);
}

static bool
add_byte(struct filter *filter, char c, struct buf *out)
{
	size_t before;

	if (filter->taken_bytes == FILTER_INPUT_MAX) {
		filter->is_cut = true;
		buf_add_str(out, CUT_NOTE);
		return false;
	}
	filter->taken_bytes++;
	if (filter->column >= FILTER_COLUMNS && c != '\n') {
		buf_add_str(out, "\\\n");
		filter->column = 0;
	}
	before = out->len;
	if (filter->column == 0 && c != '\n')
		buf_add_char(out, ' ');
	add_spelled(out, c);
	filter->column = c == '\n' ? 0 : filter->column + (unsigned)(out->len - before);
	return true;
}

bool
filter_add(struct filter *filter, const char *bytes, size_t len, struct buf *out)
{
	bool ok = !filter->is_cut;

	for (size_t i = 0; i < len && ok; i++) {
		if (filter->has_return && bytes[i] != '\n')
			ok = add_byte(filter, '\r', out);
		filter->has_return = bytes[i] == '\r';
		if (ok && !filter->has_return)
			ok = add_byte(filter, bytes[i], out);
	}
	return ok;
}

bool
filter_end(struct filter *filter, struct buf *out)
{
	bool ok = !filter->is_cut;

	if (ok && filter->has_return)
		ok = add_byte(filter, '\r', out);
	filter->has_return = false;
	return ok;
}
