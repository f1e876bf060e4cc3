// libcurl, and what Swift can't call of it: functions with a variable number of arguments.
#include <curl/curl.h>

static inline CURLcode bcl_curl_set_long(CURL *curl, CURLoption option, long value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode bcl_curl_set_offset(CURL *curl, CURLoption option, curl_off_t value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode bcl_curl_set_text(CURL *curl, CURLoption option, const char *value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode bcl_curl_set_pointer(CURL *curl, CURLoption option, void *value) { return curl_easy_setopt(curl, option, value); }
static inline CURLcode bcl_curl_set_headers(CURL *curl, struct curl_slist *list) { return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list); }

typedef size_t (*bcl_curl_receiver)(char *bytes, size_t size, size_t count, void *context);
typedef int (*bcl_curl_progress)(void *context, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up_done);
static inline CURLcode bcl_curl_set_receiver(CURL *curl, CURLoption option, bcl_curl_receiver receiver) { return curl_easy_setopt(curl, option, receiver); }
static inline CURLcode bcl_curl_set_progress(CURL *curl, bcl_curl_progress progress) { return curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress); }

static inline long bcl_curl_status(CURL *curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
