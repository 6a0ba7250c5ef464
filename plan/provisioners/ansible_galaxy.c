#include "plan/provisioners/ansible.h"

/* As the plugins look for it: a line that begins with the key and a colon. */
static bool has_key(struct str text, const char *key)
{
	struct str line;
	struct str wanted = str_from(key);
	while (str_cut(&text, '\n', &line)) {
		if (str_has_prefix(line, wanted) &&
			str_has_prefix(str_from_index(line, wanted.n), STR(":")))
			return true;
	}
	return false;
}

int ansible_galaxy(struct galaxy *out, struct compiler *c, const struct template_provisioner *p,
	struct str galaxy_file)
{
	struct origin o = compile_origin(p, "galaxy_file");
	struct compile_path found;
	struct str bytes;
	struct galaxy g = {0};
	if (galaxy_file.n > 0) {
		if (compile_read(c, galaxy_file, &o, &found, &bytes) < 0)
			return -1;
		g.path = found.path;
		g.collections = has_key(bytes, "collections");
		g.roles_key = has_key(bytes, "roles");
		g.roles = !g.collections || g.roles_key;
	}
	*out = g;
	return 0;
}
