/*
 * NAME     options - read the command line
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options = {.threads = 8, .calls = 1000, .pause_us = 1000};

static void
add_swap(char *text)
{
	struct swap *swap = &options.swaps[options.swap_count];
	char *equals = strchr(text, '='), *comma = strchr(text, ',');

	if (options.swap_count == OPTIONS_SWAPS_MAX || equals == NULL || comma == NULL ||
	    comma < equals) {
		fprintf(stderr, "threads: -w TARGET=ONE,TWO\n");
		exit(2);
	}
	*equals = *comma = '\0';
	*swap = (struct swap){text, {equals + 1, comma + 1}};
	options.swap_count++;
}

void
options_read(int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "t:n:lsvxf:ck:r:p:w:")) != -1) {
		unsigned value = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 1;

		switch (letter) {
		case 't':
			options.threads = value;
			break;
		case 'n':
			options.calls = value;
			break;
		case 'l':
			options.check_logs = true;
			break;
		case 's':
			options.real_syslog = true;
			break;
		case 'v':
			options.print = true;
			break;
		case 'x':
			options.race = true;
			break;
		case 'f':
			options.forks = value;
			break;
		case 'c':
			options.watch = true;
			break;
		case 'k':
			options.children = value;
			break;
		case 'r':
			options.rounds = value;
			break;
		case 'p':
			options.pause_us = value;
			break;
		case 'w':
			add_swap(optarg);
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 3 || options.threads < 1 || options.threads > OPTIONS_THREADS_MAX) {
		fprintf(stderr, "usage: threads [option...] ALLOW DENY QUERIES\n");
		exit(2);
	}
	options.allow = argv[optind];
	options.deny = argv[optind + 1];
	options.queries = argv[optind + 2];
}
