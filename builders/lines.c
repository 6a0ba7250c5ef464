#include "builders/lines.h"

void lines_end(struct lines *l)
{
	if (l->partial.n == 0)
		return;
	l->emit(l->ctx, buf_str(&l->partial));
	buf_reset(&l->partial);
}

void lines_add(struct lines *l, struct str bytes)
{
	while (bytes.n > 0) {
		size_t end = str_find_byte(bytes, '\n');
		struct str part = str_sub(bytes, 0, end == STR_NPOS ? bytes.n : end);
		size_t room = LINES_MAX - l->partial.n;
		if (part.n > room) {
			buf_add(&l->partial, str_sub(part, 0, room));
			bytes = str_from_index(bytes, room);
			lines_end(l);
			continue;
		}
		buf_add(&l->partial, part);
		if (end == STR_NPOS)
			return;
		l->emit(l->ctx, buf_str(&l->partial));
		buf_reset(&l->partial);
		bytes = str_from_index(bytes, end + 1);
	}
}

void lines_clear(struct lines *l)
{
	buf_clear(&l->partial);
}
