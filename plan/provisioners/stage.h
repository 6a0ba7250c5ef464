/*
 * What the provisioners of configuration tools and of Windows share: names, files that are staged
 * in the guest, and the commands by which Packer's plugins make, move and remove them. Private to
 * plan/.
 */
#ifndef PLAN_STAGE_H
#define PLAN_STAGE_H

#include "plan/compile.h"

/* ---- Texts ---------------------------------------------------------------------------------- */

/* Each "{}" of the format takes the next part; a part that is missing is nothing. */
struct text text_format(struct arena *a, const char *format, const struct text *const *parts);
#define PARTS(...) ((const struct text *const[]){__VA_ARGS__, NULL})

bool text_ends_with(const struct text *t, char c);
/* The path of `name` in a directory, with one slash between them. */
struct text text_below(struct arena *a, const struct text *directory, struct str name);
/* The texts, one behind the other, with `separator` between them. */
struct text text_list_joined(struct arena *a, const struct text_list *list, const char *separator);
struct text text_cstr(struct arena *a, const char *s);

/* Renders what is a template for later (template/deferred.c) against the running build. */
MUST_CHECK int compile_render_list(struct compiler *c, const struct template_provisioner *p,
	const char *key, const struct text_list *in, struct text_list *out);
MUST_CHECK int compile_render_map(struct compiler *c, const struct template_provisioner *p,
	const char *key, const struct text_map *in, struct text_map *out);

/* ---- Names that Packer draws at random, made from where they are needed ---------------------- */

unsigned compile_number(const struct compiler *c, const char *what); /* 0 to 9998 */
struct str compile_uuid(struct compiler *c, const char *what);

/* ---- The guest ------------------------------------------------------------------------------ */

struct stage {
	struct compiler *c;
	const struct template_provisioner *p;
	enum step_language language; /* of the files that are staged */
	bool windows;
	bool sudo;
};

/* guest_os_type: "unix" or "windows" in any case; empty: unix. */
MUST_CHECK int stage_guest_type(struct stage *s, struct str type);
/* True when the builder reaches its machine by WinRM. */
bool stage_is_winrm(const struct compiler *c);
/* "ssh", "winrm", "docker", ...: how the builder reaches its machine. */
struct str stage_connection(const struct compiler *c);
/* The address of the builder's HTTP server: a hole, or what Packer says when there is none. */
struct text stage_http_address(struct compiler *c);

/* A command of the guest, which may fail with no other code than 0; NULL when it is too many. */
struct step *stage_exec(struct stage *s, const struct origin *o, const struct text *command);
MUST_CHECK int stage_run(struct stage *s, const struct origin *o, const struct text *command);
MUST_CHECK int stage_mkdir(struct stage *s, const struct origin *o, const struct text *directory);
/* The same, and chmod 0777. */
MUST_CHECK int stage_mkdir_open(
	struct stage *s, const struct origin *o, const struct text *directory);
MUST_CHECK int stage_rmdir(struct stage *s, const struct origin *o, const struct text *directory);
MUST_CHECK int stage_move(struct stage *s, const struct origin *o, const struct text *from,
	const struct text *to, const char *prefix);
MUST_CHECK int stage_stat(struct stage *s, const struct origin *o, const struct text *path);

/* ---- Files ---------------------------------------------------------------------------------- */

/* Content that lies in no file. Its place is `o` unless the content has places of its own. */
MUST_CHECK int stage_content(struct stage *s, const struct origin *o, const struct content *content,
	const struct text *destination);
/* A file of the tree, by its path there. */
MUST_CHECK int stage_file(struct stage *s, const struct origin *o, struct str path,
	const struct text *destination, uint32_t mode);
/* What lies below a directory of the tree goes below `base`, which ends with a slash. */
MUST_CHECK int stage_tree(struct stage *s, const struct origin *o, struct str path,
	const struct text *base, bool make_base);

enum stage_kind { STAGE_ANY = 0, STAGE_FILE, STAGE_DIRECTORY };
/* The file or directory of the commit that `key` names; what is not there is an error. */
MUST_CHECK int stage_find(struct stage *s, const char *key, struct str path, const struct origin *o,
	enum stage_kind kind, struct compile_path *out);
/* Uploads the file that `key` names. */
MUST_CHECK int stage_upload(
	struct stage *s, const char *key, struct str path, const struct text *destination);
/*
 * A secret that lies in the commit or, mostly, only on the build host: then its content is a hole,
 * and a warning says so.
 */
MUST_CHECK int stage_upload_secret(
	struct stage *s, const char *key, struct str path, const struct text *destination);
/* Makes `to` with chmod 0777 or without, and copies what is in the directory. */
MUST_CHECK int stage_upload_directory(struct stage *s, const struct origin *o, const char *key,
	struct str path, const struct text *to, bool open);

/* ---- Windows -------------------------------------------------------------------------------- */

/*
 * When `user` is not empty: uploads a script that runs the command as a scheduled task of that
 * user, and makes *command the one that runs it.
 */
MUST_CHECK int stage_elevate(struct stage *s, const struct origin *o, const struct text *user,
	const struct text *password, struct text *command);
/* "powershell.exe -EncodedCommand ...", as the WinRM library writes it. */
struct text stage_encoded_powershell(struct compiler *c, struct str code);

#endif
