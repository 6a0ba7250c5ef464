/* Properties of characters, whatever the locale. Private to base/hcl. */
#ifndef BASE_HCL_UNICODE_H
#define BASE_HCL_UNICODE_H

#include "base/str.h"

bool hcl_is_id_start(uint32_t code);
bool hcl_is_id_continue(uint32_t code);
uint32_t hcl_to_upper(uint32_t code);
uint32_t hcl_to_lower(uint32_t code);

#endif
