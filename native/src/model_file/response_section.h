/* The section of a response: body and room of the model. */
#ifndef DDSP_RESPONSE_SECTION_H
#define DDSP_RESPONSE_SECTION_H

#include "ddsp_kernel.h"
#include "model_file/cursor.h"

/* Reads it into memory that it takes (*response, which is freed by the caller) and into the info;
 * DDSP_MODEL_GOOD or what is wrong. */
int ddsp_response_section_read(ddsp_cursor *from, ddsp_model_info *info, float **response);

#endif
