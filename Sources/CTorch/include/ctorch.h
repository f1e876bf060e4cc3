#ifndef CTORCH_H
#define CTORCH_H
#ifdef __cplusplus
extern "C" {
#endif
/// The version of the libtorch that is linked, as "2.13.0".
const char *ctorch_version(void);
#ifdef __cplusplus
}
#endif
#endif
