/*
 * NAME     lookup - is an address in what others make of a list of them?
 * PURPOSE  The lookup alone, by the library that belongs to each form: what there is to compare an index with.
 * SEE      bench/lookup.py, which compiles this against Debian's packages: no part of the build
 *
 * usage: lookup cdb|lmdb|mmdb FILE MS ADDR   look ADDR up for that many milliseconds
 *        lookup send - MS ADDR               send datagrams to it, through what filters there are
 *        lookup make-lmdb FILE               of addresses on the standard input
 * prints: whether it is there, and ns a lookup
 */
#include <arpa/inet.h>
#include <cdb.h>
#include <fcntl.h>
#include <lmdb.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_EVERY = 64, MAP_BYTES = 1 << 30, DISCARD = 9 };

static const double second_ns = 1e9;

static int
fail(const char *what)
{
	fprintf(stderr, "lookup: %s\n", what);
	exit(2);
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * second_ns + (double)t.tv_nsec;
}

/* ---- CDB: as tcpserver does, the address and then its beginnings ---- */

static struct cdb cdb;

static void
open_cdb(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || cdb_init(&cdb, fd) != 0)
		fail(path);
}

static int
find_cdb(const char *addr)
{
	size_t len = strlen(addr);

	for (;;) {
		if (cdb_find(&cdb, addr, (unsigned)len) > 0)
			return 1;
		if (len == 0)
			return 0;
		len--;
		while (len > 0 && addr[len - 1] != '.')
			len--;
	}
}

/* ---- LMDB: the nearest address from there on, as a network would need ---- */

static MDB_txn *txn;
static MDB_dbi dbi;
static MDB_cursor *cursor;

static MDB_env *
begin_lmdb(const char *path, unsigned flags)
{
	MDB_env *env;

	if (mdb_env_create(&env) != 0 || mdb_env_set_mapsize(env, MAP_BYTES) != 0 ||
	    mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOSYNC | flags, 0600) != 0 ||
	    mdb_txn_begin(env, NULL, flags, &txn) != 0 || mdb_dbi_open(txn, NULL, 0, &dbi) != 0)
		fail(path);
	return env;
}

static void
open_lmdb(const char *path)
{
	begin_lmdb(path, MDB_RDONLY);
	if (mdb_cursor_open(txn, dbi, &cursor) != 0)
		fail(path);
}

static int
find_lmdb(const char *addr)
{
	struct in_addr in;
	MDB_val key = {sizeof in, &in}, value;

	inet_pton(AF_INET, addr, &in);
	return mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE) == 0 &&
	    memcmp(key.mv_data, &in, sizeof in) == 0;
}

static int
make_lmdb(const char *path)
{
	MDB_env *env = begin_lmdb(path, 0);
	char line[64];
	unsigned number = 0;

	for (; fgets(line, sizeof line, stdin) != NULL; number++) {
		struct in_addr in;
		MDB_val key = {sizeof in, &in}, value = {sizeof number, &number};

		line[strcspn(line, "\n")] = '\0';
		if (inet_pton(AF_INET, line, &in) != 1 || mdb_put(txn, dbi, &key, &value, 0) != 0)
			return fail(line);
	}
	if (mdb_txn_commit(txn) != 0)
		return fail(path);
	mdb_env_close(env);
	return 0;
}

/* ---- MMDB ---- */

static MMDB_s mmdb;

static void
open_mmdb(const char *path)
{
	if (MMDB_open(path, MMDB_MODE_MMAP, &mmdb) != MMDB_SUCCESS)
		fail(path);
}

static int
find_mmdb(const char *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int error = MMDB_SUCCESS;

	inet_pton(AF_INET, addr, &in.sin_addr);
	return MMDB_lookup_sockaddr(&mmdb, (struct sockaddr *)&in, &error).found_entry;
}

/* ---- a filter in the kernel ---- */

static int udp;

static void
open_send(const char *path)
{
	(void)path;
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp < 0)
		fail("no socket");
}

static int
find_send(const char *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(DISCARD)};

	inet_pton(AF_INET, addr, &in.sin_addr);
	return sendto(udp, "", 0, MSG_DONTWAIT, (struct sockaddr *)&in, sizeof in) == 0;
}

static const struct form {
	const char *name;
	void (*open)(const char *path);
	int (*find)(const char *addr);
} forms[] = {
    {"cdb", open_cdb, find_cdb},
    {"lmdb", open_lmdb, find_lmdb},
    {"mmdb", open_mmdb, find_mmdb},
    {"send", open_send, find_send},
};

int
main(int argc, char **argv)
{
	const struct form *form = NULL;
	double start, end;
	long count = 0;
	int found = 0;

	if (argc == 3 && strcmp(argv[1], "make-lmdb") == 0)
		return make_lmdb(argv[2]);
	for (size_t i = 0; argc == 5 && i < sizeof forms / sizeof forms[0]; i++)
		if (strcmp(argv[1], forms[i].name) == 0)
			form = &forms[i];
	if (form == NULL)
		return fail("usage: lookup cdb|lmdb|mmdb|send FILE MS ADDR");
	form->open(argv[2]);
	start = now_ns();
	end = start + strtod(argv[3], NULL) * 1e6;
	do {
		for (int i = 0; i < CLOCK_EVERY; i++)
			found = form->find(argv[4]);
		count += CLOCK_EVERY;
	} while (now_ns() < end);
	printf("%d %.1f\n", found, (now_ns() - start) / (double)count);
	return 0;
}
