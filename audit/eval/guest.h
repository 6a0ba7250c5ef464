/* Files that a machine reads while it is installed or started, by their kind. */
#ifndef AUDIT_EVAL_GUEST_H
#define AUDIT_EVAL_GUEST_H

#include "audit/eval/eval.h"

/* A file whose parts are looked at; unit: its text, in which places stand. */
struct content {
	struct eval *e;
	struct unit *unit;
	struct command *command; /* for facts; its origin is of the part at hand */
	struct str path;
};

/* ---- guest_content.c ------------------------------------------------------------------------ */

/* Bytes of the unit, or made of them, as a value. */
struct value content_value(struct content *k, struct str text);
/*
 * Code for a shell, in a process of its own. by_line: the lines of the text are those of the file
 * from `at` on.
 */
void content_run(struct content *k, struct str text, const struct span *at, bool by_line);
/* What the file asks for, as the command that does the same. */
void content_command(struct content *k, const struct span *at, const struct str *words, size_t n);
/* The same with a text on its standard input. */
void content_feed(struct content *k, const struct span *at, const char *command, struct str input);
struct content_file {
	struct str path;
	struct str content;
	struct str mode;
	bool append;
	bool by_line;
};
void content_write(struct content *k, const struct span *at, const struct content_file *f);
/* Code in another language. */
void content_scan(struct content *k, const struct span *at, struct str language, struct str text);
/* The same in PowerShell or for cmd.exe, which are read. */
void content_front(struct content *k, const struct span *at, run_front *front, struct str text);
void content_opaque(struct content *k, const struct span *at, const char *what, struct str why);
/* A file of the same machine in another one: a part of a MIME message. name may be empty. */
struct content_at {
	struct span span;
	bool by_line;
};
void content_part(struct content *k, struct str text, const struct content_at *at, struct str name);
/* Words between white space. */
size_t content_words(struct content *k, struct str text, struct str *words, size_t max);

/* ---- commands_installer.c ------------------------------------------------------------------- */

extern const struct command_entry commands_installer[];

/* ---- guest_docker.c ------------------------------------------------------------------------- */

extern const struct command_entry commands_docker[];

/* ---- media.c -------------------------------------------------------------------------------- */

/* What the machine of the plan starts from. */
void media_facts(struct eval *e);

/* ---- guest_boot.c, guest_hooks.c ------------------------------------------------------------ */

/* A file that is read line by line, and what its lines have in common. */
struct lines {
	struct eval *e;
	struct unit *unit;
	struct command *command;
	struct str path;
	bool inside; /* of a script between two words */
};

/* One line, with those that a backslash adds to it. */
typedef void lines_fn(struct lines *l, struct str line, uint32_t number);
/* A part of the line as a command. */
void lines_run(struct lines *l, struct str text, uint32_t line, uint32_t col);
/* Index behind n words of the line, white space and all. */
size_t lines_skip(struct str line, size_t n);

lines_fn lines_anacron, lines_incron, lines_interfaces, lines_upstart, lines_inittab, lines_udev;
lines_fn lines_modprobe, lines_logrotate, lines_apt, lines_pam, lines_authorized_keys;
lines_fn lines_desktop;

/* ExecStart= and its like. */
void content_unit(struct content *k);

/* ---- gunzip.c ------------------------------------------------------------------------------- */

/* False when it is not gzip, damaged, or larger than is read. */
bool content_gunzip(struct content *k, struct str bytes, struct str *out);

/* ---- guest_cloud.c, guest_ignition.c, guest_install.c, guest_xml.c -------------------------- */

typedef void content_fn(struct content *k);
content_fn content_cloud_config, content_mime, content_cloud_include;
content_fn content_kickstart, content_preseed, content_answers, content_dockerfile;
content_fn content_unattend, content_autoyast, content_ignition;

#endif
