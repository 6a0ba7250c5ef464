/* What a file is that a machine reads while it starts. */
#include "base/encode.h"
#include "plan/boot/boot.h"

#include <assert.h>

#define LOOKED_AT ((size_t)1 << 20)
#define BASE64_MIN 8

const char *boot_kind_name(enum boot_kind kind)
{
	static const char *const names[] = {
		[BOOT_NONE] = "none",
		[BOOT_KEYS] = "keys",
		[BOOT_SHELL] = "shell",
		[BOOT_SCRIPT] = "script",
		[BOOT_POWERSHELL] = "powershell",
		[BOOT_BATCH] = "batch",
		[BOOT_KICKSTART] = "kickstart",
		[BOOT_PRESEED] = "preseed",
		[BOOT_CLOUD_CONFIG] = "cloud-config",
		[BOOT_CLOUD_DATA] = "cloud-data",
		[BOOT_CLOUD_INCLUDE] = "cloud-include",
		[BOOT_MIME] = "mime",
		[BOOT_AUTOYAST] = "autoyast",
		[BOOT_UNATTEND] = "unattend",
		[BOOT_ANSWERS] = "answers",
		[BOOT_IGNITION] = "ignition",
		[BOOT_UNIT] = "unit",
		[BOOT_VAGRANTFILE] = "vagrantfile",
		[BOOT_DOCKERFILE] = "dockerfile",
		[BOOT_MACHINE] = "machine",
		[BOOT_SETTING] = "setting",
		[BOOT_REMOTE] = "remote",
		[BOOT_DATA] = "data",
		[BOOT_TEXT] = "text",
		[BOOT_COMPRESSED] = "compressed",
		[BOOT_BINARY] = "binary",
	};
	static_assert(countof(names) == BOOT_BINARY + 1, "a name per kind");
	return names[kind];
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static bool is_compressed(struct str s)
{
	static const struct str magic[] = {STR_INIT("\x1f\x8b"),
		STR_INIT("\xfd"
			 "7zXZ"),
		STR_INIT("\x28\xb5\x2f\xfd"), STR_INIT("BZh9"), STR_INIT("PK\x03\x04")};
	for (size_t i = 0; i < countof(magic); i++) {
		if (str_has_prefix(s, magic[i]))
			return true;
	}
	return false;
}

static bool is_binary(struct str s)
{
	return str_find_byte(s, '\0') != STR_NPOS;
}

static struct str without_mark(struct str s)
{
	return str_has_prefix(s, STR("\xef\xbb\xbf")) ? str_from_index(s, 3) : s;
}

static bool word_in(struct str word, const char *words)
{
	struct str rest = str_from(words);
	struct str one;
	while (str_cut(&rest, ' ', &one)) {
		if (str_eq_nocase(one, word))
			return true;
	}
	return false;
}

/* "#!/usr/bin/env bash -e" */
static enum boot_kind interpreted(struct str line)
{
	struct str rest = str_trim(str_from_index(line, 2));
	struct str word = {0};
	while (str_cut(&rest, ' ', &word)) {
		word = path_base(word);
		bool skipped = word.n == 0 || word.p[0] == '-' || str_is(word, "env") ||
			str_find_byte(word, '=') != STR_NPOS;
		if (!skipped)
			break;
		word.n = 0;
	}
	if (word_in(word, "sh bash dash ash ksh ksh93 mksh zsh busybox"))
		return BOOT_SHELL;
	return word_in(word, "pwsh powershell") ? BOOT_POWERSHELL : BOOT_SCRIPT;
}

struct beginning {
	const char *text;
	enum boot_kind kind;
};

/* The first that fits counts. Case does not. */
static const struct beginning beginnings[] = {
	{"#cloud-config", BOOT_CLOUD_CONFIG},
	{"#cloud-boothook", BOOT_SHELL},
	{"#include-once", BOOT_CLOUD_INCLUDE},
	{"#include\n", BOOT_CLOUD_INCLUDE},
	{"#include http", BOOT_CLOUD_INCLUDE},
	{"#part-handler", BOOT_SCRIPT},
	{"content-type: multipart", BOOT_MIME},
	{"mime-version:", BOOT_MIME},
	{"from nobody", BOOT_MIME},
	{"#ps1", BOOT_POWERSHELL},
	{"<powershell>", BOOT_POWERSHELL},
	{"<script>", BOOT_BATCH},
	{"rem cmd", BOOT_BATCH},
	{"@echo off", BOOT_BATCH},
	{"#_preseed_v1", BOOT_PRESEED},
};

static enum boot_kind kind_of_beginning(struct str s)
{
	struct str line;
	struct str rest = s;
	if (!str_cut(&rest, '\n', &line))
		return BOOT_NONE;
	/* cloud-init renders it first; the line behind says what it is. */
	if (str_has_prefix(line, STR("## template:")))
		return kind_of_beginning(rest);
	if (str_has_prefix(s, STR("#!")))
		return interpreted(str_trim(line));
	for (size_t i = 0; i < countof(beginnings); i++) {
		struct str text = str_from(beginnings[i].text);
		if (str_eq_nocase(str_sub(s, 0, text.n), text))
			return beginnings[i].kind;
	}
	return BOOT_NONE;
}

/* Words that only one form has. line: they begin one. */
static const struct sign {
	const char *text;
	enum boot_kind kind;
	bool line;
} signs[] = {
	{"urn:schemas-microsoft-com:unattend", BOOT_UNATTEND, false},
	{"http://www.suse.com/1.0/yast2ns", BOOT_AUTOYAST, false},
	{"<!DOCTYPE profile", BOOT_AUTOYAST, true},
	{"%post", BOOT_KICKSTART, true},
	{"%pre", BOOT_KICKSTART, true},
	{"%packages", BOOT_KICKSTART, true},
	{"%firstboot", BOOT_KICKSTART, true},
	{"d-i ", BOOT_PRESEED, true},
	{"d-i\t", BOOT_PRESEED, true},
	{"autoinstall:", BOOT_CLOUD_CONFIG, true},
	{"System hostname = ", BOOT_ANSWERS, true},
	{"Password for root", BOOT_ANSWERS, true},
	{"KEYMAPOPTS=", BOOT_SHELL, true},
	{"DISTRIBUTIONS=", BOOT_SHELL, true},
	{"Vagrant.configure", BOOT_VAGRANTFILE, true},
	{"Vagrant::Config.run", BOOT_VAGRANTFILE, true},
	{"[Unit]", BOOT_UNIT, true},
	{"[Service]", BOOT_UNIT, true},
	{"\"ignition\"", BOOT_IGNITION, false},
	{"variant: fcos", BOOT_IGNITION, true},
	{"variant: flatcar", BOOT_IGNITION, true},
	{"variant: openshift", BOOT_IGNITION, true},
	{"variant: r4e", BOOT_IGNITION, true},
	{"variant: fiot", BOOT_IGNITION, true},
};

static bool has_sign(struct str s, const struct sign *sign)
{
	struct str text = str_from(sign->text);
	size_t from = 0;
	for (;;) {
		size_t at = str_find(str_from_index(s, from), text);
		if (at == STR_NPOS)
			return false;
		at += from;
		if (!sign->line || at == 0 || s.p[at - 1] == '\n')
			return true;
		from = at + text.n;
	}
}

static enum boot_kind kind_of_bytes(struct str s)
{
	enum boot_kind kind = kind_of_beginning(s);
	for (size_t i = 0; kind == BOOT_NONE && i < countof(signs); i++) {
		if (has_sign(s, &signs[i]))
			kind = signs[i].kind;
	}
	return kind;
}

/* ---- Names ---------------------------------------------------------------------------------- */

/* Ends, or the whole name when there is no star. */
static const struct ending {
	const char *names;
	enum boot_kind kind;
} endings[] = {
	{".sh .bash .ksh .zsh installerconfig", BOOT_SHELL},
	{".py .pl .rb .vbs .js .lua .tcl .awk .php", BOOT_SCRIPT},
	{".ps1 .psm1 .psd1", BOOT_POWERSHELL},
	{".bat .cmd", BOOT_BATCH},
	{".ks ks.cfg .kickstart", BOOT_KICKSTART},
	{".seed .preseed preseed.cfg preseed.txt preseed", BOOT_PRESEED},
	{"autounattend.xml unattend.xml", BOOT_UNATTEND},
	{"autoinst.xml autoyast.xml", BOOT_AUTOYAST},
	{"meta-data network-config metadata meta_data.json", BOOT_CLOUD_DATA},
	{"answers .answers answerfile", BOOT_SHELL}, /* setup-alpine sources it */
	{"answer.toml install.conf auto_install.conf auto_install", BOOT_ANSWERS},
	{".ign .bu .butane", BOOT_IGNITION},
	{".service .timer .socket", BOOT_UNIT},
	{"vagrantfile .vagrantfile", BOOT_VAGRANTFILE},
	{"dockerfile containerfile .dockerfile", BOOT_DOCKERFILE},
	{".crt .cer .der .pem .pub .asc .gpg .md .rst license readme .gitkeep .gitignore "
	 ".keep .png .jpg .jpeg .bmp .ico .svg .gif",
		BOOT_DATA},
};

static bool ends_with(struct str name, const char *names)
{
	struct str rest = str_from(names);
	struct str one;
	while (str_cut(&rest, ' ', &one)) {
		size_t from = name.n >= one.n ? name.n - one.n : 0;
		bool whole = one.p[0] != '.';
		/* "debian-ks.cfg" is one as well as "ks.cfg". */
		bool begins = from == 0 || strchr("-_.", name.p[from - 1]) != NULL;
		if (str_eq_nocase(str_from_index(name, from), one) && (!whole || begins))
			return true;
	}
	return false;
}

static enum boot_kind kind_of_name(struct str name)
{
	name = path_base(name);
	for (size_t i = 0; i < countof(endings); i++) {
		if (ends_with(name, endings[i].names))
			return endings[i].kind;
	}
	return BOOT_NONE;
}

/* bsdinstall and others source files that have no name of their own and no first line. */
static bool is_sourced(struct str s)
{
	static const char *const beginnings_of_code[] = {"if [", "export ", "set -e", ". /"};
	struct str line;
	do {
		if (!str_cut(&s, '\n', &line))
			return false;
		line = str_trim(line);
	} while (line.n == 0 || line.p[0] == '#');
	for (size_t i = 0; i < countof(beginnings_of_code); i++) {
		if (str_has_prefix(line, str_from(beginnings_of_code[i])))
			return true;
	}
	size_t n = 0;
	while (n < line.n && ((line.p[n] >= 'A' && line.p[n] <= 'Z') || line.p[n] == '_'))
		n++;
	return n > 0 && n < line.n && line.p[n] == '=';
}

enum boot_kind boot_kind_of(struct str name, struct str bytes)
{
	bytes = str_sub(without_mark(bytes), 0, LOOKED_AT);
	if (is_compressed(bytes))
		return BOOT_COMPRESSED;
	if (is_binary(bytes))
		return kind_of_name(name) == BOOT_DATA ? BOOT_DATA : BOOT_BINARY;
	if (str_trim(bytes).n == 0)
		return BOOT_DATA;
	enum boot_kind named = kind_of_name(name);
	/* A script of another language may hold what looks like an answer file. */
	bool code = named == BOOT_SCRIPT || named == BOOT_POWERSHELL || named == BOOT_BATCH;
	enum boot_kind kind = code ? BOOT_NONE : kind_of_bytes(bytes);
	if (kind == BOOT_NONE)
		kind = named;
	if (kind == BOOT_NONE && is_sourced(bytes))
		kind = BOOT_SHELL;
	return kind == BOOT_NONE ? BOOT_TEXT : kind;
}

/* Wraps at 76 columns and the like do not count. */
static bool decode(struct str text, struct arena *a, struct str *out)
{
	scoped(buf) joined = {0};
	text = str_trim(text);
	buf_init(&joined, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n' && text.p[i] != '\r')
			buf_add_byte(&joined, text.p[i]);
	}
	return joined.n >= BASE64_MIN && base64_decode(a, buf_str(&joined), out);
}

void boot_classify(struct step *s, struct arena *a)
{
	struct str name = s->boot.path.n > 0 ? s->boot.path : s->boot.source;
	struct str bytes = text_display(&s->boot.content, a);
	struct str decoded;
	s->boot.kind = boot_kind_of(name, bytes);
	if (s->boot.kind != BOOT_TEXT || !text_is_literal(&s->boot.content) ||
		!decode(bytes, a, &decoded))
		return;
	enum boot_kind kind = boot_kind_of(name, decoded);
	if (kind == BOOT_TEXT || kind == BOOT_BINARY)
		return;
	s->boot.kind = kind;
	s->boot.base64 = true;
}
