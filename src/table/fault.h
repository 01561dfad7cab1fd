/*
 * What keeps a table from having an image: a line of data/image.def.
 */
#ifndef TABLE_FAULT_H
#define TABLE_FAULT_H

#include <stdbool.h>

enum table_problem {
	TABLE_FINE,
#define PROBLEM(id, text, remedy) TABLE_CANNOT_##id,
#include "image.def"
#undef PROBLEM
};

/* Not TABLE_FINE: whoever returns false has filled it in. */
struct table_fault {
	enum table_problem problem;
	int error; /* an errno, or 0 */
	unsigned line; /* of the table; 0: no line in particular */
};

/* False. */
static inline bool
table_fault(struct table_fault *fault, enum table_problem problem, int error)
{
	*fault = (struct table_fault){.problem = problem, .error = error};
	return false;
}

#endif
