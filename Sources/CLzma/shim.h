#include <lzma.h>

// Macros that Swift can't see.
static const uint32_t clzma_concatenated = LZMA_CONCATENATED;
static inline lzma_stream clzma_stream_init(void) {
  lzma_stream stream = LZMA_STREAM_INIT;
  return stream;
}
