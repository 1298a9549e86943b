/* How far can an order-0 code compress a buffer, and does it? libpyinfo from plain C. */
#include <pyinfo/pyinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 100000

static void check(pyinfo_error error) {
  if (error == PYINFO_OK) return;
  fprintf(stderr, "%s: %s\n", pyinfo_error_message(error), pyinfo_last_error_detail());
  exit(EXIT_FAILURE);
}

int main(void) {
  static unsigned char data[SIZE], decoded[SIZE], message[2 * SIZE], frame[2 * SIZE];
  uint64_t counts[256] = {0};
  double bits = 0;
  size_t size = 0, n = 0;
  pyinfo_code* code = NULL;

  for (size_t i = 0; i < SIZE; ++i) data[i] = (unsigned char)(i * i % 251 % 13);

  check(pyinfo_byte_counts(data, SIZE, 1, counts));
  check(pyinfo_entropy_u64(counts, 256, 2, &bits));
  printf("pyinfo %s, %s: %.6f bits per byte\n", pyinfo_version(), pyinfo_isa(), bits);

  /* A code is made once and used for any number of messages, by any number of threads. */
  check(pyinfo_rans_code_from_counts(counts, 256, 12, &code));
  check(pyinfo_code_encode(code, data, SIZE, message, sizeof message, &size));
  check(pyinfo_code_decode(code, message, size, decoded, SIZE, &n));
  if (n != SIZE || memcmp(data, decoded, SIZE) != 0) return EXIT_FAILURE;
  printf("message: %lu bytes, the limit is %.0f\n", (unsigned long)size, bits * SIZE / 8);

  /* Errors are values; nothing is decoded to wrong data in silence. */
  message[size / 2] ^= 1;
  if (pyinfo_code_decode(code, message, size, decoded, SIZE, &n) != PYINFO_ERROR_CORRUPT)
    return EXIT_FAILURE;
  printf("damaged: %s\n", pyinfo_last_error_detail());
  pyinfo_code_destroy(code);

  /* A frame needs no code on the other side. Python reads it with pyinfo.decompress. */
  check(pyinfo_frame_compress(data, SIZE, NULL, frame, sizeof frame, &size));
  check(pyinfo_frame_decompress(frame, size, decoded, SIZE, 1, &n));
  if (n != SIZE || memcmp(data, decoded, SIZE) != 0) return EXIT_FAILURE;
  printf("frame: %lu bytes\n", (unsigned long)size);

  /* The loss of a classifier, and its gradient in place of the logits. */
  {
    float logits[6] = {2, 0, -1, 0.5F, 0.5F, 0.5F};
    const int64_t labels[2] = {0, 2}, wrong[2] = {0, 3};
    double losses[2];
    check(pyinfo_logits_cross_entropy(logits, PYINFO_LOGITS_F32, 2, 3, labels, -100, 0, 0, 1,
                                      losses, logits));
    printf("losses: %.4f and %.4f nats, gradient %.3f %.3f %.3f\n", losses[0], losses[1], logits[0],
           logits[1], logits[2]);
    if (pyinfo_logits_cross_entropy(logits, PYINFO_LOGITS_F32, 2, 3, wrong, -100, 0, 0, 1, losses,
                                    NULL) != PYINFO_ERROR_VALUE)
      return EXIT_FAILURE;
    printf("refused: %s\n", pyinfo_last_error_detail());
  }

  /* Every symbol has a model of its own: here one of two Gaussians, which an index names. */
  {
    const double scales[2] = {0.5, 20};
    const int16_t symbols[6] = {0, -1, 0, 17, -30, 5};
    const uint16_t indexes[6] = {0, 0, 0, 1, 1, 1}, others[6] = {0, 0, 1, 1, 1, 1};
    int16_t back[6];
    pyinfo_models* models = NULL;
    check(pyinfo_models_from_scales(PYINFO_GAUSSIAN, scales, 2, 12, -1, 1, &models));
    check(pyinfo_models_encode(models, symbols, 2, indexes, NULL, 6, 1, message, sizeof message,
                               &size));
    check(pyinfo_models_decode(models, message, size, indexes, NULL, 6, 1, back, 2));
    if (memcmp(symbols, back, sizeof back) != 0) return EXIT_FAILURE;
    if (pyinfo_models_decode(models, message, size, others, NULL, 6, 1, back, 2) !=
        PYINFO_ERROR_CORRUPT)
      return EXIT_FAILURE;
    printf("other indexes: %s\n", pyinfo_last_error_detail());
    pyinfo_models_destroy(models);
  }
  return EXIT_SUCCESS;
}
