/*
 * One request, asked three times: of the original, of ours in the classic reading, of ours by
 * default.
 */
#ifndef COMPAT_JUDGE_H
#define COMPAT_JUDGE_H

#include "front.h"
#include "place.h"
#include "policy.h"

enum verdict { VERDICT_LEFT, VERDICT_DENIED, VERDICT_TWISTED, VERDICT_GRANTED };

struct answer {
	enum verdict verdict;
	int signal; /* that ended it; 0 = none */
	bool has_state; /* it came back */
	struct front_text text;
	struct wrap_state state;
};

/* What one request came to. Lies in memory that is shared with children. */
struct answers {
	struct answer theirs, ours[ASKED_WAYS];
};

struct judge {
	struct wrap theirs, ours;
	struct answers *answers;
	bool theirs_apart, ours_apart; /* a process for each decision */
};

/* What is wrong with a pair of answers; NULL = nothing. */
struct finding {
	enum way_asked way;
	const char *what;
};

/* Load both libraries. Ends the program when it cannot. */
void judge_init(struct judge *, const char *ours, const char *theirs);

/* Ask, and compare. True: *ret says what is wrong. */
bool judge_request(struct judge *, const struct policy *, const struct place *,
    const struct query *, struct finding *ret);

/* Was the deciding rule a later one than the first of its tables? The answer is the original's. */
bool judge_is_beyond_first(const struct policy *, const struct answer *);

const char *judge_verdict_name(enum verdict);

#endif
