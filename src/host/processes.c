/*
 * NAME     processes - who holds the sockets
 * PURPOSE  Each process's descriptors are looked through; one that has a socket of the list is looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "host/inside.h"

enum { LINK_MAX_BYTES = 64, STAT_BYTES = 1024 };

/* ---- one process ---- */

/* The program, without what the kernel says behind it if the file has gone. */
static const char *
read_exe(struct host *host, pid_t pid)
{
	static const char deleted[] = " (deleted)";
	char path[PROC_PATH_MAX], exe[HOST_PATH_MAX];
	ssize_t len;

	proc_path(path, pid, "exe");
	len = proc_link(path, exe, sizeof exe);
	if (len < 0)
		return "";
	if ((size_t)len > sizeof deleted && strcmp(exe + len - (sizeof deleted - 1), deleted) == 0)
		len -= (ssize_t)sizeof deleted - 1;
	return host_keep(host, exe, (size_t)len);
}

static const char *
read_comm(struct host *host, pid_t pid)
{
	char path[PROC_PATH_MAX], comm[PROC_PATH_MAX];
	ssize_t len;

	proc_path(path, pid, "comm");
	len = proc_text(path, comm, sizeof comm);
	if (len > 0 && comm[len - 1] == '\n')
		len--;
	return len < 0 ? "" : host_keep(host, comm, (size_t)len);
}

/* The words of a command line, each with a NUL behind it. */
static void
read_words(struct host *host, struct host_process *process)
{
	char path[PROC_PATH_MAX], text[HOST_COMMAND_MAX];
	const char *copy;
	ssize_t len;

	proc_path(path, process->pid, "cmdline");
	len = proc_text(path, text, sizeof text);
	copy = len > 0 ? host_keep(host, text, (size_t)len) : NULL;
	process->words = arena_alloc(&host->arena, (HOST_WORDS_MAX + 1) * sizeof *process->words);
	host->failed |= process->words == NULL;
	if (copy == NULL || process->words == NULL)
		return;
	for (size_t at = 0; at < (size_t)len && process->word_count < HOST_WORDS_MAX;) {
		process->words[process->word_count++] = copy + at;
		at += strlen(copy + at) + 1;
	}
}

/* Where it sees /etc: one of those known by now, or a new one. */
static const struct host_root *
find_root(struct host *host, pid_t pid)
{
	char path[PROC_PATH_MAX], root[PROC_PATH_MAX];
	struct host_root *found = host->roots;
	struct stat st = {.st_dev = 0};

	proc_path(root, pid, "root");
	proc_path(path, pid, "root/etc");
	if (stat(path, &st) != 0 && stat(root, &st) != 0)
		return host->roots;
	while (found != NULL && (found->dev != st.st_dev || found->ino != st.st_ino))
		found = found->next;
	if (found != NULL)
		return found;
	found = arena_alloc(&host->arena, sizeof *found);
	host->failed |= found == NULL;
	if (found == NULL)
		return host->roots;
	*found = (struct host_root){
	    host->roots->next, host_keep(host, root, strlen(root)), st.st_dev, st.st_ino};
	if (found->path == NULL)
		return host->roots;
	host->roots->next = found;
	return found;
}

static struct host_process *
read_process(struct host *host, pid_t pid)
{
	struct host_process *process = arena_alloc(&host->arena, sizeof *process);

	host->failed |= process == NULL;
	if (process == NULL)
		return NULL;
	process->pid = pid;
	process->exe = read_exe(host, pid);
	process->comm = read_comm(host, pid);
	read_words(host, process);
	if (process->exe == NULL || process->comm == NULL || process->words == NULL)
		return NULL;
	process->name = process->exe[0] != '\0' ? host_last_part(process->exe) : process->comm;
	/* The kernel cuts it. */
	process->is_called_otherwise = process->comm[0] != '\0' &&
	    strncmp(process->name, process->comm, strlen(process->comm)) != 0;
	process->root = find_root(host, pid);
	library_find(host, process);
	process->next = host->processes;
	host->processes = process;
	return process;
}

/* ---- descriptors ---- */

/* The number in "socket:[N]"; 0: it is none. */
static unsigned long
read_inode(const char *folder, const char *name)
{
	char path[PROC_PATH_MAX + NAME_MAX + 2], text[LINK_MAX_BYTES];
	unsigned long inode;
	ssize_t len;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	len = proc_link(path, text, sizeof text);
	if (len < 10 || strncmp(text, "socket:[", 8) != 0 ||
	    !str_number(text + 8, (size_t)len - 9, INT64_MAX, &inode))
		return 0;
	return inode;
}

/* The first socket with that number; more follow if the kernel lists it more than once. */
static struct host_socket *
find_socket(const struct host *host, unsigned long inode)
{
	size_t low = 0, high = host->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (host->sockets[middle].line.inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < host->count && host->sockets[low].line.inode == inode ? &host->sockets[low]
	                                                                   : NULL;
}

static void
add_holder(struct host *host, struct host_socket *socket, struct host_process *process)
{
	struct host_holder **end = &socket->holders, *holder;

	while (*end != NULL && (*end)->process->pid < process->pid)
		end = &(*end)->next;
	if (*end != NULL && (*end)->process == process)
		return;
	holder = arena_alloc(&host->arena, sizeof *holder);
	host->failed |= holder == NULL;
	if (holder == NULL)
		return;
	*holder = (struct host_holder){*end, process};
	*end = holder;
}

static void
take_descriptor(struct host *host, pid_t pid, struct host_process **process, unsigned long inode)
{
	struct host_socket *socket = inode != 0 ? find_socket(host, inode) : NULL;

	if (socket == NULL)
		return;
	if (*process == NULL)
		*process = read_process(host, pid);
	for (; *process != NULL && socket < host->sockets + host->count &&
	     socket->line.inode == inode;
	     socket++)
		add_holder(host, socket, *process);
}

/* A thread of the kernel, which anybody may know: it has no descriptors. Its flags stand behind its name,
 * which may have anything in it. */
static bool
is_kernels(pid_t pid)
{
	enum { FLAGS_AT = 7, FLAG_KERNEL = 0x00200000 };
	char path[PROC_PATH_MAX], text[STAT_BYTES];
	unsigned long flags;
	const char *at;
	ssize_t len;

	proc_path(path, pid, "stat");
	len = proc_text(path, text, sizeof text);
	at = len > 0 ? strrchr(text, ')') : NULL;
	for (unsigned field = 0; at != NULL && field < FLAGS_AT; field++)
		at = strchr(at + 1, ' ');
	return at != NULL && str_number(at + 1, strcspn(at + 1, " "), UINT32_MAX, &flags) &&
	    (flags & FLAG_KERNEL) != 0;
}

static bool
take_process(void *ctx, pid_t pid)
{
	struct host *host = ctx;
	struct host_process *process = NULL;
	const struct dirent *entry;
	char folder[PROC_PATH_MAX];
	DIR *dir;

	proc_path(folder, pid, "fd");
	dir = opendir(folder);
	if (dir == NULL) {
		host->failed |= errno == ENOMEM || errno == EMFILE || errno == ENFILE;
		host->hidden += (errno == EACCES || errno == EPERM) && !is_kernels(pid);
		return true;
	}
	while ((entry = readdir(dir)) != NULL)
		take_descriptor(host, pid, &process, read_inode(folder, entry->d_name));
	closedir(dir);
	return true;
}

int
processes_read(struct host *host)
{
	struct host_root *own = arena_alloc(&host->arena, sizeof *own);
	struct stat st = {.st_dev = 0};

	if (own == NULL) {
		host->failed = true;
		return 0;
	}
	if (stat("/etc", &st) != 0)
		stat("/", &st);
	*own = (struct host_root){.path = "", .dev = st.st_dev, .ino = st.st_ino};
	host->roots = own;
	return proc_each(take_process, host);
}
