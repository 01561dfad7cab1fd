/* A server for inetd(8) that greets whom the tables admit: greeter ALLOW DENY. See tcpwrap(3). */
#include <stdio.h>
#include <unistd.h>

#include <tcpwrap.h>

static bool
is_welcome(struct tw_policy *policy, int fd)
{
	struct tw_request *request = NULL;
	struct tw_decision *decision;
	const struct tw_outcome *outcome;
	bool welcome;

	/* What fails here needs no look: such a request is refused. */
	tw_request_new(&request);
	tw_request_set_daemon(request, "greeter");
	tw_request_set_socket(request, fd);
	decision = tw_decide(policy, request, 2000);
	outcome = tw_decision_outcome(decision);
	fprintf(stderr, "%s: %s (%s), %s line %u\n", tw_verdict_text(outcome->verdict),
	    tw_reason_text(outcome->reason), tw_fault_text(outcome->fault),
	    outcome->file != NULL ? outcome->file : "no table", outcome->line);
	welcome = tw_decision_is_granted(decision);
	tw_decision_free(decision);
	tw_request_free(request);
	return welcome;
}

int
main(int argc, char **argv)
{
	struct tw_policy *policy = NULL;

	if (argc == 3)
		tw_policy_open_files(argv[1], argv[2], &policy);
	if (is_welcome(policy, STDIN_FILENO))
		dprintf(STDIN_FILENO, "welcome\r\n");
	tw_policy_close(policy);
}
