// The zip archives of torch.save, written by libtorch's own writer.
#include "internal.h"

#include <caffe2/serialize/inline_container.h>

using namespace ctorch;
using caffe2::serialize::PyTorchStreamWriter;

struct ctorch_archive_s {
  std::unique_ptr<PyTorchStreamWriter> writer;
};

// The writer's destructor ends an unfinished archive, and ends the process where that fails: so writing never fails here, and the
// receiver of the bytes remembers what went wrong.
int ctorch_archive_open(ctorch_write write, void *context, ctorch_archive *out) {
  return guarded([&] {
    auto archive = std::make_unique<ctorch_archive_s>();
    archive->writer = std::make_unique<PyTorchStreamWriter>([write, context](const void *bytes, size_t count) {
      write(context, bytes, count);
      return count;
    });
    *out = archive.release();
  });
}

int ctorch_archive_add(ctorch_archive archive, const char *name, const void *bytes, size_t count) {
  return guarded([&] { archive->writer->writeRecord(name, bytes, count); });
}

int ctorch_archive_finish(ctorch_archive archive) {
  return guarded([&] { archive->writer->writeEndOfFile(); });
}

void ctorch_archive_close(ctorch_archive archive) {
  if (!archive) return;
  guarded([&] { archive->writer.reset(); });
  delete archive;
}
