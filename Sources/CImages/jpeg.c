#include "formats.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/// Progressive images can hold scans without end, each of which costs the time of a whole image.
enum { most_scans = 500 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  cimages_info *info;
} errors;

static void fail(j_common_ptr image) {
  errors *self = (errors *)image->err;
  char text[JMSG_LENGTH_MAX];
  image->err->format_message(image, text);
  cimages_fail(self->info, "%s", text);
  longjmp(self->escape, 1);
}

/// Warnings speak of damage that libjpeg and Pillow get over. The end of the file is not one of those: libjpeg would fill the rest with grey.
static void notice(j_common_ptr image, int level) {
  errors *self = (errors *)image->err;
  if (level >= 0) return;
  if (image->err->msg_code == JWRN_JPEG_EOF) {
    cimages_fail(self->info, "it is cut off");
    longjmp(self->escape, 1);
  }
}

static void watch(j_common_ptr image) {
  errors *self = (errors *)image->err;
  if (image->is_decompressor && ((j_decompress_ptr)image)->input_scan_number > most_scans) {
    cimages_fail(self->info, "it has more than %d scans", most_scans);
    longjmp(self->escape, 1);
  }
}

static uint8_t times255(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return (uint8_t)(((product >> 8) + product) >> 8);
}

/// Adobe's inverted CMYK, the only kind in use.
static void to_rgb(const uint8_t *cmyk, uint8_t *rgb, int width) {
  for (int i = 0; i < width; i++, cmyk += 4, rgb += 3) {
    // Inverted: 255 - K is what is stored.
    unsigned light = cmyk[3];
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(light - times255(255u - cmyk[c], light));
  }
}

int cimages_jpeg(const uint8_t *bytes, size_t count, cimages_info *info, uint8_t *rgb) {
  struct jpeg_decompress_struct image;
  struct jpeg_progress_mgr progress = {.progress_monitor = watch};
  errors errors;
  uint8_t *volatile row = NULL;
  memset(&image, 0, sizeof image);
  image.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = fail;
  errors.base.emit_message = notice;
  errors.info = info;
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&image);
    free(row);
    return 1;
  }
  jpeg_create_decompress(&image);
  image.progress = &progress;
  jpeg_mem_src(&image, bytes, count);
  jpeg_read_header(&image, TRUE);
  int width = (int)image.image_width, height = (int)image.image_height, components = image.num_components;
  if (components != 1 && components != 3 && components != 4) {
    jpeg_destroy_decompress(&image);
    return cimages_fail(info, "it has %d components; images have 1, 3 or 4", components);
  }
  if (!rgb) {
    info->width = width;
    info->height = height;
    jpeg_destroy_decompress(&image);
    return 0;
  }
  if (width != info->width || height != info->height) {
    jpeg_destroy_decompress(&image);
    return cimages_fail(info, "its size changed while it was read");
  }
  image.out_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_start_decompress(&image);
  row = malloc((size_t)width * 4);
  if (!row) {
    jpeg_destroy_decompress(&image);
    return cimages_fail(info, "there is not enough memory for it");
  }
  size_t stride = (size_t)width * 3;
  while ((int)image.output_scanline < height) {
    uint8_t *out = rgb + image.output_scanline * stride;
    JSAMPROW target = components == 3 ? out : row;
    jpeg_read_scanlines(&image, &target, 1);
    if (components == 4) to_rgb(row, out, width);
    if (components == 1)
      for (int i = 0; i < width; i++) out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = row[i];
  }
  jpeg_finish_decompress(&image);
  jpeg_destroy_decompress(&image);
  free(row);
  return 0;
}
