/*
 * Listens and does nothing else: listening {tcp|udp} ADDRESS PORT [PROGRAM ARGUMENT ...]. With a PROGRAM,
 * a child of it becomes that, and has the socket, too. Linked statically, so that nobody asks anything.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
open_socket(int type, const char *text, int port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int is_v6 = inet_pton(AF_INET6, text, &v6.sin6_addr) == 1;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, type, 0);

	if (!is_v6 && inet_pton(AF_INET, text, &v4.sin_addr) != 1)
		return -1;
	if ((is_v6 ? bind(fd, (struct sockaddr *)&v6, sizeof v6)
	           : bind(fd, (struct sockaddr *)&v4, sizeof v4)) < 0)
		return -1;
	return type == SOCK_STREAM && listen(fd, 8) < 0 ? -1 : fd;
}

int
main(int argc, char **argv)
{
	if (argc < 4 ||
	    open_socket(strcmp(argv[1], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, argv[2],
	        (int)strtol(argv[3], NULL, 10)) < 0)
		return 1;
	if (argc > 4 && fork() == 0) {
		execv(argv[4], argv + 4);
		_exit(1);
	}
	for (;;)
		pause();
}
