#include "formats.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cimages_fail(cimages_info *info, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(info->message, sizeof info->message, format, arguments);
  va_end(arguments);
  return 1;
}

static int format_of(const uint8_t *bytes, size_t count) {
  if (count >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF) return CIMAGES_JPEG;
  if (count >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) return CIMAGES_PNG;
  return CIMAGES_NONE;
}

static int run(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb) {
  switch (format_of(bytes, count)) {
  case CIMAGES_JPEG: return cimages_jpeg(bytes, count, info, rgb);
  case CIMAGES_PNG: return cimages_png(bytes, count, info, rgb);
  default: return cimages_fail(info, "it is neither JPEG nor PNG");
  }
}

int cimages_header(const uint8_t *bytes, size_t count, cimages_info *info) {
  memset(info, 0, sizeof *info);
  info->format = format_of(bytes, count);
  return run(bytes, count, info, NULL);
}

int cimages_decode(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb) { return run(bytes, count, info, rgb); }

void cimages_grey(uint8_t *rgb, size_t count) {
  for (size_t i = 0; i < count; i++) rgb[i] = (uint8_t)((rgb[3 * i] * 19595u + rgb[3 * i + 1] * 38470u + rgb[3 * i + 2] * 7471u + 0x8000u) >> 16);
}
