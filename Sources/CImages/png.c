#include "formats.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t left;
  cimages_info *info;
} source;

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->left) png_error(png, "it is cut off");
  memcpy(target, from->bytes, count);
  from->bytes += count;
  from->left -= count;
}

static void fail(png_structp png, png_const_charp message) {
  cimages_fail((cimages_info *)png_get_error_ptr(png), "%s", message);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

/// Sets up the conversion to rows of three bytes a pixel; for grey images of 16 bits, of two.
static void convert(png_structp png, png_infop header, int is_deep_grey) {
  int type = png_get_color_type(png, header), bits = png_get_bit_depth(png, header);
  if (is_deep_grey) return;
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && bits < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (bits == 16) png_set_strip_16(png);
  png_set_strip_alpha(png);
  if (type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA) png_set_gray_to_rgb(png);
}

int cimages_png(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb) {
  png_infop header = NULL;
  png_bytep *volatile rows = NULL;
  uint8_t *volatile deep = NULL;
  source from = {bytes, count, info};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, info, fail, ignore);
  if (!png) return cimages_fail(info, "there is not enough memory for it");
  header = png_create_info_struct(png);
  if (!header) {
    png_destroy_read_struct(&png, NULL, NULL);
    return cimages_fail(info, "there is not enough memory for it");
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &header, NULL);
    free(rows);
    free(deep);
    return 1;
  }
  png_set_read_fn(png, &from, read_bytes);
  // Texts and colour profiles have no influence on the pixels, and can unpack to anything.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "iCCP\0iTXt\0tEXt\0zTXt\0eXIf", 5);
  png_read_info(png, header);
  png_uint_32 width = png_get_image_width(png, header), height = png_get_image_height(png, header);
  if (!rgb) {
    info->width = (int32_t)width;
    info->height = (int32_t)height;
    png_destroy_read_struct(&png, &header, NULL);
    return 0;
  }
  if ((int32_t)width != info->width || (int32_t)height != info->height) png_error(png, "its size changed while it was read");
  int is_deep_grey = png_get_color_type(png, header) == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, header) == 16;
  convert(png, header, is_deep_grey);
  png_set_interlace_handling(png);
  png_read_update_info(png, header);
  size_t stride = (size_t)width * (is_deep_grey ? 2 : 3);
  if (png_get_rowbytes(png, header) != stride) png_error(png, "its rows have an unexpected size");
  rows = malloc(sizeof(png_bytep) * height);
  if (is_deep_grey) deep = malloc(stride * height);
  if (!rows || (is_deep_grey && !deep)) png_error(png, "there is not enough memory for it");
  for (png_uint_32 y = 0; y < height; y++) rows[y] = (is_deep_grey ? deep : rgb) + y * stride;
  png_read_image(png, rows);
  if (is_deep_grey) {
    for (size_t i = 0; i < (size_t)width * height; i++) {
      uint8_t grey = deep[2 * i] ? 255 : deep[2 * i + 1];
      rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey;
    }
  }
  png_destroy_read_struct(&png, &header, NULL);
  free(rows);
  free(deep);
  return 0;
}
