#include "template/load.h"

bool version_parse(struct str s, uint64_t out[3])
{
	struct str part;
	s = str_trim(s);
	if (s.n > 0 && s.p[0] == 'v')
		s = str_from_index(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '-' || s.p[i] == '+')
			s = str_sub(s, 0, i);
	}
	size_t n = 0;
	while (str_cut(&s, '.', &part)) {
		if (n == 3 || !str_to_u64(part, &out[n++]))
			return false;
	}
	return n > 0;
}

int version_cmp(const uint64_t a[3], const uint64_t b[3])
{
	for (size_t i = 0; i < 3; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}
