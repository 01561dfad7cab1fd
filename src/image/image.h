/*
 * An index as a file of pages, for processes that decide once.
 *
 *   page 0        what it is, of which text, and where its parts are; the highest level of each key
 *   then          levels of what the first rows of pages begin with, the small ones first
 *   then          the rows of each key; parents of networks, if there are any; counts of newlines
 *
 * Pages are small, as their sums are most of what a search costs. Every page ends in one. A reader believes
 * nothing that he has not compared: whatever is wrong is image_has_failed, and then the text itself is read.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "image/index.h"
#include "policy/lines.h"

enum {
	IMAGE_PAGE_BYTES = 2048,
	IMAGE_SUM_BYTES = 8, /* of each page, at its end */
	IMAGE_ROOM_BYTES = IMAGE_PAGE_BYTES - IMAGE_SUM_BYTES,
	IMAGE_STAMP_WORDS = 8,
	/* Newlines are counted for each piece of the text of that size. */
	IMAGE_PIECE_BYTES = 512,
	/* Read with the first: what is above a million rows of names, or of IPv4 addresses. */
	IMAGE_AHEAD_PAGES = 12,
	/* At hand at a time, beside the first: whoever reads an image has it on his stack. */
	IMAGE_CACHE_PAGES = IMAGE_AHEAD_PAGES + 3,
	/* A change of what rows mean, or of how lines are read: an image of another number is none. */
	IMAGE_FORMAT = 2,
};

/* Of the text that the items stand in. */
struct image_facts {
	uint64_t stamp[IMAGE_STAMP_WORDS];
	uint64_t text_bytes;
	uint64_t error_at; /* the item that ends the classic way's table; UINT64_MAX: none does */
	enum lines_mode mode;
	bool is_list; /* else a table: only its newlines are counted */
	const uint32_t *newlines; /* for image_write: before each piece */
};

/* An image that is being read. Not to be moved. */
struct image {
	int fd; /* the caller's */
	struct image_facts facts;
	struct index index; /* to be walked by index_begin and index_next */
	uint32_t page_count;
	uint32_t parents_page[2], newlines_page; /* 0: there are none */
	bool failed;
	const unsigned char *all; /* all pages, and they are sound; NULL: see below */
	uint32_t last; /* what was asked for; 0: nothing */
	const unsigned char *last_page;
	unsigned next_slot, ahead_count;
	/* Sound pages; 0: none. The first ones, ahead_count, have those behind the first page, or will. */
	uint32_t cached[IMAGE_CACHE_PAGES];
	unsigned char pages[(1 + IMAGE_CACHE_PAGES) * IMAGE_PAGE_BYTES]; /* the first, and those */
};

/* Write a finished index to a new file. False: errno. */
bool image_write(int fd, const struct index *, const struct image_facts *);

/* Look at the first page. False: it is no image, or not one that this program can read. */
bool image_read(struct image *, int fd);
/* Was something found damaged since? Then what an index said last counts for nothing. */
bool image_has_failed(const struct image *);
/* Newlines before the piece of the text that this byte is in. */
uint32_t image_newlines(struct image *, uint64_t at);

/* As many of those bytes of a file as there are, or as can be read. */
size_t image_read_at(int fd, void *bytes, size_t size, uint64_t at);

/* Is a page, as it is in the file, what its check sum says? For those who look at all of them. */
bool image_page_is_sound(const unsigned char page[IMAGE_PAGE_BYTES], uint32_t number);

/* ---- for rows.c and index.c ---- */

struct image_range {
	size_t low, high;
};

/* A row of a level; zeros if that failed. Until two others were asked for. */
const unsigned char *image_row(const struct rows *, unsigned level, size_t row);
/* The same of those that are in one page: the first. NULL: there is none, or they are in several. */
const unsigned char *image_rows(const struct rows *, unsigned level, struct image_range);
/* The rows of one of a level's pages. */
struct image_range image_page(const struct rows *, unsigned level, size_t page);
/* The first row of the next larger network. UINT32_MAX: none. */
uint32_t image_parent(const struct rows *, enum index_key, uint32_t row);

#endif
