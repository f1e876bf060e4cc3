/// JPEG and PNG images to RGB, by libjpeg-turbo and libpng. Errors of the libraries end here: they jump (longjmp) only inside of these functions.
///
/// What comes out is what Pillow's Image.open(file).convert('RGB') gives: alpha is dropped, palettes are looked up, CMYK is taken as Adobe's (inverted),
/// of 16 bits the high byte is kept except in grey images, whose values are cut at 255, and the EXIF orientation is not applied.
#ifndef CIMAGES_H
#define CIMAGES_H

#include <stddef.h>
#include <stdint.h>

enum { CIMAGES_NONE = 0, CIMAGES_JPEG = 1, CIMAGES_PNG = 2 };

typedef struct {
  int32_t format;
  int32_t width, height;
  /// Of the last failed call.
  char message[256];
} cimages_info;

/// Reads the header: format, width and height, both at least 1. Nothing is allocated for pixels.
/// Returns 0, or 1 with a message; the format is CIMAGES_NONE where it is neither JPEG nor PNG.
int cimages_header(const uint8_t *bytes, size_t count, cimages_info *info);

/// Decodes all of it. `rgb` has room for info->width * info->height * 3 bytes, row by row, where info is what cimages_header() said.
/// Returns 0, or 1 with a message; `rgb` then holds a part of the image or nothing.
int cimages_decode(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb);

/// One grey byte for each of `count` pixels of three bytes, in place at the start: Pillow's convert('L'), ITU-R 601 luma in integers.
void cimages_grey(uint8_t *rgb, size_t count);

#endif
