/* What is asked, by type of data source. Private to the files that ask. */
#ifndef CMD_DATA_TYPE_H
#define CMD_DATA_TYPE_H

#include "cmd/data.h"

struct data_request {
	const struct data_context *context;
	struct str name; /* "http.example" */
	const void *config; /* decoded by the type's fields */
	struct arena *arena;
};

struct data_type {
	const char *name;
	const struct conf_field *fields;
	size_t size; /* of what they fill */
	/* out: an object; untouched when the answer stays unknown, which data_leave has told. */
	int (*ask)(struct json **out, const struct data_request *q, struct error *err);
};

/* Tells why nothing is known, and returns 0. */
int data_leave(const struct data_request *q, const char *fmt, ...) PRINTF_LIKE(2, 3);

extern const struct data_type data_http;
extern const struct data_type data_git_repository;
extern const struct data_type data_git_commit;
extern const struct data_type data_git_tree;
extern const struct data_type data_amazon_ami;
extern const struct data_type data_amazon_parameterstore;
extern const struct data_type data_amazon_secretsmanager;

#endif
