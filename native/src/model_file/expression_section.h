/* The section that says how an instrument is played. */
#ifndef DDSP_EXPRESSION_SECTION_H
#define DDSP_EXPRESSION_SECTION_H

#include "ddsp_kernel.h"
#include "model_file/cursor.h"

/* Returns DDSP_MODEL_GOOD or the problem; `expression` is zeroed. */
int ddsp_expression_section_read(ddsp_cursor *from, ddsp_expression *expression);

#endif
