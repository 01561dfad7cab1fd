/*
 * One of systemd's socket units, and the service that it starts.
 */
#ifndef SERVICES_UNITS_H
#define SERVICES_UNITS_H

#include "services/inventory.h"
#include "services/unit.h"

struct units_found {
	bool is_accept; /* the socket starts one for each client */
	char name[UNIT_WORD_MAX]; /* of the service: "ssh@.service" */
	char path[INVENTORY_PATH_MAX]; /* of the file that its command stands in */
	struct unit unit; /* the service, drop-ins applied */
};

/* Look for STEM.socket below the inventory's root, which has to have been initialised, and for its
 * service. False: one of them is not there, or memory ran out, which failed says. */
bool units_find(struct inventory *, const char *stem, struct units_found *ret);

#endif
