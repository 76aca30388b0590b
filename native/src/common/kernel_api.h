/* The public header, once: it is the cffi cdef too, so it can hold no guard itself. */
#ifndef DDSP_KERNEL_API_H
#define DDSP_KERNEL_API_H

#include <stdint.h>

#include "ddsp_kernel.h"

#endif
