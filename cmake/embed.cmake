# Files of a directory as a C table of names and bytes, for policy_builtin().
#   cmake -DROOT=DIR -DOUTPUT=FILE.c -DFILES=a.hcl,b/c.hcl -P embed.cmake
string(REPLACE "," ";" names "${FILES}")
set(arrays "")
set(table "")
set(index 0)
foreach(name ${names})
	file(READ "${ROOT}/${name}" hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(REGEX REPLACE "(................................................................................)"
		"\\1\n" bytes "${bytes}")
	string(LENGTH "${hex}" digits)
	math(EXPR size "${digits} / 2")
	string(APPEND arrays "static const unsigned char bytes${index}[] = {\n${bytes}0x00};\n")
	string(APPEND table
		"\t{STR_INIT(\"policies/${name}\"), {(const char *)bytes${index}, ${size}}},\n")
	math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUTPUT}.new" "/* Made by cmake/embed.cmake. */
#include \"audit/audit.h\"

${arrays}
static const struct policy_file files[] = {
${table}};

const struct policy_file *policy_builtin(size_t *n)
{
	*n = countof(files);
	return files;
}
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
