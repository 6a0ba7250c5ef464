/*
 * From a build of a template and a tree of files to the ordered steps of the build.
 *
 * What is audited is what is run: builders and communicators know steps, never provisioners.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/digest.h"
#include "template/template.h"

enum step_type {
	STEP_NONE = 0,
	STEP_UPLOAD, /* bytes to a path of the guest */
	STEP_DOWNLOAD, /* a path of the guest to a path of the host */
	STEP_EXEC, /* a command line in the guest, run by its login shell as `sh -c` does */
	STEP_EXEC_HOST, /* an argv on the build host */
	STEP_WAIT, /* a pause, or a key press (breakpoint) */
	STEP_BOOT, /* code that runs by itself: boot_command, user_data, kickstart, ... */
	STEP_OPAQUE, /* what nobody can run here, such as a provisioner type that is not known */
};

/* What reads code. Of a command nothing means sh, of a file what its first line says. */
enum step_language {
	LANGUAGE_NONE = 0,
	LANGUAGE_SH,
	LANGUAGE_CMD, /* the command line of Windows */
	LANGUAGE_POWERSHELL,
	LANGUAGE_ANSIBLE,
	LANGUAGE_PUPPET,
	LANGUAGE_CHEF,
	LANGUAGE_SALT,
};

/* Hole in argv of STEP_EXEC_HOST: the path of the file with its script. */
#define STEP_SCRIPT_HOLE "Script"
/* Prefix of the hole that is a file which exists only while the build runs. */
#define STEP_FILE_HOLE "file:"
/* The same for the path, on the build host, of a file or directory of the commit. */
#define STEP_TREE_HOLE "tree:"
/* The same for a file of the build host that is not in the commit, such as a key. */
#define STEP_HOST_HOLE "host:"

#define STEP_NO_STATUS 2300218 /* "disconnected without exit status", Packer's number */

struct step_upload {
	struct text content; /* the bytes; a directory is one step per file */
	struct text destination;
	uint32_t mode;
	struct str source; /* path in the tree, empty for generated content */
	struct digest sha256; /* of the content as text_display shows it: no sensitive byte in it */
	enum step_language language;
};

struct step_download {
	struct text source;
	struct text destination;
	bool optional; /* without it the build goes on */
};

/* A file of the commit that a step on the build host reads by itself. */
struct step_input {
	struct str path;
	struct str content;
	struct digest sha256;
	enum step_language language;
};

struct step_exec {
	enum step_language language; /* of the command, or of the inputs */
	struct text command; /* for STEP_EXEC */
	struct text_list argv; /* for STEP_EXEC_HOST */
	struct text_list variables; /* for STEP_EXEC_HOST: "K=V" of its environment */
	struct { /* for STEP_EXEC_HOST */
		struct step_input *items;
		size_t n;
		size_t cap;
	} inputs;
	/*
	 * For STEP_EXEC_HOST: bytes that the builder writes to a file of its own (mode 0700), whose
	 * path fills the hole STEP_SCRIPT_HOLE of argv. sha256 as for uploads.
	 */
	struct text script;
	struct str source; /* of the script in the tree, empty for generated content */
	struct str extension; /* of the file, with its dot; may be empty */
	struct digest sha256;
	struct str_list environment; /* names of the variables that the command sets */
	struct int_list exit_codes; /* accepted; never empty */
	bool any_exit_code; /* all are accepted, whatever the list says */
	bool expect_disconnect;
	bool cleanup; /* best effort: removes what an earlier step left */
	int64_t start_retry_timeout; /* ns */
	int64_t pause_after; /* ns */
};

struct step_wait {
	int64_t duration; /* ns; 0 with `note`: until a key is pressed */
	struct text note;
};

/* What the content of STEP_BOOT is, by its bytes and its name (plan/boot/kind.c). */
enum boot_kind {
	BOOT_NONE = 0,
	BOOT_KEYS, /* key strokes: <esc><wait>, ... */
	BOOT_SHELL, /* "#!" and a shell */
	BOOT_SCRIPT, /* "#!" and another interpreter, or a language by its name */
	BOOT_POWERSHELL,
	BOOT_BATCH, /* commands of cmd.exe */
	BOOT_KICKSTART,
	BOOT_PRESEED, /* of debian-installer */
	BOOT_CLOUD_CONFIG, /* YAML of cloud-init, and what subiquity reads in it */
	BOOT_CLOUD_DATA, /* meta-data and network-config: no code */
	BOOT_CLOUD_INCLUDE, /* addresses from which cloud-init loads more */
	BOOT_MIME, /* several of those */
	BOOT_AUTOYAST,
	BOOT_UNATTEND, /* answers of Windows' set-up */
	BOOT_ANSWERS, /* other installers' answers: NAME=VALUE or question = answer */
	BOOT_IGNITION,
	BOOT_UNIT, /* of systemd */
	BOOT_VAGRANTFILE,
	BOOT_DOCKERFILE,
	BOOT_MACHINE, /* settings of the virtual machine, made on the build host */
	BOOT_SETTING, /* a value that no program runs */
	BOOT_REMOTE, /* a name under which the platform holds code */
	BOOT_DATA, /* certificates, drivers' descriptions, licences, ...: by the name */
	BOOT_TEXT, /* text of no form that is known */
	BOOT_COMPRESSED,
	BOOT_BINARY,
};

struct step_opaque {
	struct str why; /* empty: the type of the provisioner is not known */
};

struct step_boot {
	struct str what; /* "boot_command", "user_data", "http_directory", ... */
	struct str path; /* name under which the guest sees it */
	struct str source; /* path in the tree, empty for content of the template */
	enum boot_kind kind; /* of the content, decoded where it is in base64 */
	bool base64;
	struct text content;
	struct digest sha256;
};

struct step {
	uint32_t id; /* 1, 2, ... in order of execution */
	uint32_t group; /* index into plan.groups */
	enum step_type type;
	struct origin origin; /* the narrowest place in the template that it comes from */
	/*
	 * Where the bytes of a script come from: the place of line i + 1 of the content. n == 0:
	 * same file, same line. See plan_line.
	 */
	struct {
		struct origin *items;
		size_t n;
		size_t cap;
	} lines;
	union {
		struct step_upload upload;
		struct step_download download;
		struct step_exec exec;
		struct step_wait wait;
		struct step_boot boot;
		struct step_opaque opaque;
	};
};

/* When a group runs. Groups stand in this order in a plan, but for GROUP_ERROR_CLEANUP. */
enum group_phase {
	GROUP_NONE = 0,
	GROUP_BOOT, /* code that runs by itself, before any provisioner */
	GROUP_PROVISION,
	GROUP_ERROR_CLEANUP, /* only when another group failed: then there is no image */
	GROUP_FINISH, /* after the last provisioner: authorized keys are cleared, shutdown */
	GROUP_POST_PROCESS, /* after the image is captured: on the build host */
};

/* The steps of one provisioner: retried and timed together. */
struct step_group {
	enum group_phase phase;
	struct str type; /* of the provisioner or post-processor, or "builder" */
	struct str label; /* for people: "shell (inline)", "shell: setup.sh" */
	struct origin origin;
	uint32_t first; /* index of the first step */
	uint32_t count;
	uint32_t max_retries;
	int64_t timeout;
	bool continue_on_error;
	/* For GROUP_POST_PROCESS: which one, in plan.post_processors. */
	uint32_t sequence;
	uint32_t position;
};

struct plan_input {
	struct str path;
	struct digest sha256;
};

/* A medium that the machine starts from: an ISO, a disk image, a box. */
struct plan_medium {
	struct str what; /* "iso_url", "source_path", "guest_additions_url", ... */
	struct text uri;
	/* "sha256:...", hex digits, "file:URL", "none"; empty: the template names none. */
	struct text checksum;
	struct origin origin;
};

/* A plan is immutable once made. Everything lives in `arena`. */
struct plan {
	struct arena arena;
	struct str build; /* name of the build */
	struct str builder; /* type of the builder */
	/* Name and type of the template's builder, in a rehearsal too. */
	struct str source_name;
	struct str type;
	bool rehearsal; /* that builder is not the template's */
	const struct conf *config; /* of the builder; borrowed from the template */
	struct template_paths paths; /* where those in the configuration start */
	struct origin origin;
	struct {
		struct step *items;
		size_t n;
		size_t cap;
	} steps;
	struct {
		struct step_group *items;
		size_t n;
		size_t cap;
	} groups;
	struct {
		struct plan_medium *items;
		size_t n;
		size_t cap;
	} media;
	struct {
		struct template_sequence *items;
		size_t n;
		size_t cap;
	} post_processors;
	struct digest digest; /* SHA-256 of the canonical JSON */
};

/*
 * The template must outlive the plan. Messages with places go to `d` (in the plan's or the
 * template's arena `a`); -1 when any is an error.
 */
MUST_CHECK int plan_make(struct plan **out, const struct template_build *build,
	const struct tree *tree, struct diags *d, struct arena *a, struct error *err);
void plan_free(struct plan *p);
DEFINE_SCOPED_PTR(plan)

/* False, and why, for a type of post-processors that no build here can run. */
MUST_CHECK bool post_processor_runs(struct str type, const char **why);

/* docs/formats.md, "plan.json": sensitive values appear as their names only. */
struct json *plan_to_json(const struct plan *p, struct arena *a);
/* For people. colour: with terminal attributes. */
void plan_print(struct buf *out, const struct plan *p, bool colour, bool verbose);
const char *step_type_name(enum step_type type);
const char *step_language_name(enum step_language language); /* "powershell"; NULL: none */
const char *boot_kind_name(enum boot_kind kind); /* "cloud-config" */
/* By the bytes first, then by the name, which may be empty. Never BOOT_NONE. */
enum boot_kind boot_kind_of(struct str name, struct str bytes);
const char *group_phase_name(enum group_phase phase); /* "error-cleanup" */

/* The place in the author's files of a place in the content (or command) of a step. */
struct origin plan_line(const struct step *s, uint32_t line, uint32_t col);

#endif
