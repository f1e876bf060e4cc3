// Feeds the decoding of JPEG and PNG images with mutated files. From the project's folder, with Swift's clang:
//
//   clang -g -O1 -fsanitize=fuzzer,address,undefined -ISources/CImages/include Tests/Fuzz/FuzzImages.c Sources/CImages/*.c -ljpeg -lpng16 -o .build/fuzz-images
//   mkdir -p .build/fuzz-corpus && cp Tests/Images/modes/* .build/fuzz-corpus && .build/fuzz-images -max_len=8192 -timeout=20 -max_total_time=600 .build/fuzz-corpus
#include "cimages.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  cimages_info info;
  if (cimages_header(bytes, count, &info)) return 0;
  // Larger images take time and nothing else.
  if (info.width < 1 || info.height < 1 || (int64_t)info.width * info.height > 4000000) return 0;
  uint8_t *rgb = malloc((size_t)info.width * info.height * 3);
  if (rgb) cimages_decode(bytes, count, &info, rgb);
  free(rgb);
  return 0;
}
