/* The middle of the range, the number of quantities, then of each its name and tendency. They are
 * found by their names, so that a file may have more or fewer of them than are known here. */
#include "model_file/expression_section.h"

#include <string.h>

enum { NAME_BYTES = 24, MOST_QUANTITIES = 256 };

/* The number of the quantity of a name, which is filled up with zeros; -1: it is not known. */
static int number_of(const uint8_t *name)
{
    for (int q = 0; q < DDSP_QUANTITIES; q++)
        if (strncmp(ddsp_quantity_get(q)->name, (const char *)name, NAME_BYTES) == 0)
            return q;
    return -1;
}

static int read_tendency(ddsp_cursor *from, ddsp_expression *expression)
{
    const uint8_t *name = ddsp_cursor_take(from, NAME_BYTES);
    ddsp_tendency read = {.known = 1, .mean = ddsp_cursor_f64(from)};
    read.deviation = ddsp_cursor_f64(from);
    read.pitch = ddsp_cursor_f64(from);
    read.velocity = ddsp_cursor_f64(from);
    read.length = ddsp_cursor_f64(from);
    if (from->ran_out)
        return DDSP_MODEL_LENGTH;
    const int q = number_of(name);
    if (q < 0)
        return DDSP_MODEL_GOOD;
    if (expression->tendencies[q].known)
        return DDSP_MODEL_INCOMPLETE;
    expression->tendencies[q] = read;
    return DDSP_MODEL_GOOD;
}

int ddsp_expression_section_read(ddsp_cursor *from, ddsp_expression *expression)
{
    expression->middle_note = ddsp_cursor_f64(from);
    const uint32_t n = ddsp_cursor_u32(from);
    ddsp_cursor_u32(from);
    if (from->ran_out)
        return DDSP_MODEL_LENGTH;
    if (n > MOST_QUANTITIES)
        return DDSP_MODEL_VALUES;
    for (uint32_t i = 0; i < n; i++) {
        const int problem = read_tendency(from, expression);
        if (problem != DDSP_MODEL_GOOD)
            return problem;
    }
    return ddsp_expression_good(expression) ? DDSP_MODEL_GOOD : DDSP_MODEL_VALUES;
}
