#pragma once
#include "cimages.h"

int cimages_jpeg(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb);
int cimages_png(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb);

/// Fails with a message, for use as `return cimages_fail(...)`.
int cimages_fail(cimages_info *info, const char *format, ...) __attribute__((format(printf, 2, 3)));
