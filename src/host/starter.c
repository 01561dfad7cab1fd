/*
 * NAME     starter - what a super-server was told on its command line
 * PURPOSE  Which file it reads, and whether it asks the tables itself: openbsd-inetd with -l, ours without
 *          -A, xinetd always.
 * SEE      inetd(8), xinetd(8)
 */
#include "host/starter.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "base/str.h"

static const struct {
	const char *name;
	enum starter starter;
} programs[] = {
    {"inetd", STARTER_INETD},
    {"openbsd-inetd", STARTER_INETD},
    {"inetutils-inetd", STARTER_INETD},
    {"xinetd", STARTER_XINETD},
    {"systemd", STARTER_UNIT},
};

/* Letters of an inetd that take a value, and long options that do so in the next word. */
#define WITH_VALUE "qRp"
static const char *const long_with_value[] = {
    "--pid-file", "--control", "--records", "--backlog", "--rate"};

/* What was said of the tables; 'l' and 'A' where nothing was. */
struct said {
	bool has_l, has_a;
	const char *conf;
};

static bool
takes_value(const char *word)
{
	for (size_t i = 0; i < sizeof long_with_value / sizeof *long_with_value; i++) {
		if (strcmp(word, long_with_value[i]) == 0)
			return true;
	}
	return false;
}

/* A word of letters. True: the next word is the value of its last one. */
static bool
take_letters(struct said *said, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		said->has_l |= *letters == 'l';
		said->has_a |= *letters == 'A';
		if (strchr(WITH_VALUE, *letters) != NULL)
			return letters[1] == '\0';
	}
	return false;
}

static struct said
read_inetd(const struct host_process *process)
{
	struct said said = {.conf = NULL};
	bool is_value = false, is_over = false;

	for (unsigned i = 1; i < process->word_count; i++) {
		const char *word = process->words[i];

		if (is_value)
			is_value = false;
		else if (is_over || word[0] != '-' || word[1] == '\0')
			said.conf = said.conf != NULL ? said.conf : word;
		else if (strcmp(word, "--") == 0)
			is_over = true;
		else if (word[1] != '-')
			is_value = take_letters(&said, word + 1);
		else if (strcmp(word, "--no-access") == 0)
			said.has_a = true;
		else
			is_value = takes_value(word);
	}
	return said;
}

static const char *
read_xinetd(const struct host_process *process)
{
	for (unsigned i = 1; i + 1 < process->word_count; i++) {
		if (strcmp(process->words[i], "-f") == 0)
			return process->words[i + 1];
	}
	return "/etc/xinetd.conf";
}

static void
set_inetd(const struct host_process *process, struct starting *ret)
{
	struct said said = read_inetd(process);
	bool is_ours = strncmp(process->mark, "inetd ", 6) == 0;

	ret->asks = is_ours ? !said.has_a : said.has_l && process->library.path != NULL;
	ret->asks_own = ret->asks_wait = is_ours && ret->asks;
	ret->is_by_path = is_ours;
	ret->is_tcpd = ret->asks;
	ret->conf = said.conf != NULL ? said.conf : "/etc/inetd.conf";
}

static bool
has_word(const struct host_process *process, const char *word)
{
	for (unsigned i = 1; i < process->word_count; i++) {
		if (strcmp(process->words[i], word) == 0)
			return true;
	}
	return false;
}

bool
starting_read(const struct host_process *process, struct starting *ret)
{
	size_t i = 0, count = sizeof programs / sizeof *programs;
	bool is_ours = strncmp(process->mark, "inetd ", 6) == 0;

	while (i < count && strcmp(process->name, programs[i].name) != 0)
		i++;
	if (i == count && !is_ours)
		return false;
	*ret = (struct starting){.starter = is_ours ? STARTER_INETD : programs[i].starter};
	switch (ret->starter) {
	case STARTER_INETD:
		set_inetd(process, ret);
		break;
	case STARTER_XINETD:
		ret->asks = ret->asks_own = ret->asks_wait = process->library.path != NULL;
		ret->conf = read_xinetd(process);
		break;
	case STARTER_UNIT:
		/* Of a user's own one the units are elsewhere: none is known to be for a socket of it. */
		ret->conf = has_word(process, "--user") ? "/dev/null" : NULL;
		break;
	}
	return true;
}

/* ---- places ---- */

bool
starting_is_place(const struct place *place, bool is_udp, unsigned port)
{
	const char *colon = strrchr(place->text, ':');
	const char *name = colon != NULL ? colon + 1 : place->text;
	const struct servent *entry;
	unsigned long number;

	if (place->is_dgram != is_udp || strchr(name, '/') != NULL)
		return false;
	if (str_number(name, strlen(name), UINT16_MAX, &number))
		return number == port;
	entry = getservbyname(name, is_udp ? "udp" : "tcp");
	return entry != NULL && ntohs((uint16_t)entry->s_port) == port;
}
