/*
 * What the tables say of one client, by the engine that enforces them.
 */
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

struct question {
	const char *allow, *deny; /* paths of the tables */
	const char *daemon, *addr;
	const char *name; /* the client's, as verified, or "paranoid"; NULL: unknown */
};

/* Print "VERDICT FILE:LINE", or "VERDICT -": no rule matches. */
void judge(const struct question *);

#endif
