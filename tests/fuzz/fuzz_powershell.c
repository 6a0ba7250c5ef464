/* PowerShell, and cmd.exe behind a byte, from text to facts. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct facts facts = {0};
	struct error err = {0};
	bool batch = size > 0 && data[0] == '@';
	struct str text = {(const char *)data, size};
	if (facts_of_script(&facts, &a, text, batch ? STR("f.cmd") : STR("f.ps1"), &err) < 0)
		return 0;
	return 0;
}
