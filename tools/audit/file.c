// SPDX-License-Identifier: GPL-2.0
/* Reads a module file, unpacking .gz, .xz and .zst. What it is, its first bytes say. */
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "../util.h"
#include "audit.h"

/* No module is that big; a damaged or hostile file may claim to be. */
#define LIMIT		(512u << 20)
#define FIRST_GUESS	(1u << 20)

struct buffer {
	uint8_t *data;
	size_t size;
	size_t room;
};

/* Makes room for more; false when there is none or it is too much. */
static bool grow(struct buffer *out)
{
	size_t room = out->room ? 2 * out->room : FIRST_GUESS;
	void *data;

	if (room > LIMIT)
		return false;
	data = realloc(out->data, room);
	if (!data)
		return false;
	out->data = data;
	out->room = room;
	return true;
}

static const char *unpack_xz(const struct buffer *in, struct buffer *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret ret = LZMA_OK;

	if (lzma_stream_decoder(&stream, LIMIT, LZMA_CONCATENATED) != LZMA_OK)
		return "out of memory";
	stream.next_in = in->data;
	stream.avail_in = in->size;
	while (ret == LZMA_OK) {
		if (out->size == out->room && !grow(out))
			break;
		stream.next_out = out->data + out->size;
		stream.avail_out = out->room - out->size;
		ret = lzma_code(&stream, LZMA_FINISH);
		out->size = out->room - stream.avail_out;
	}
	lzma_end(&stream);
	return ret == LZMA_STREAM_END ? NULL : "its xz compression is damaged or too large";
}

/* A file has one frame or more; pzstd writes many, and a word about each before it. */
static const char *unpack_zstd(const struct buffer *in, struct buffer *out)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer from = { .src = in->data, .size = in->size };
	size_t ret = 1;

	/* @ret is 0 at the end of a frame. */
	while (stream && (ret || from.pos < from.size)) {
		ZSTD_outBuffer to;

		if (out->size == out->room && !grow(out)) {
			ret = 1;
			break;
		}
		to = (ZSTD_outBuffer){ .dst = out->data + out->size,
				       .size = out->room - out->size };
		ret = ZSTD_decompressStream(stream, &to, &from);
		out->size += to.pos;
		if (ZSTD_isError(ret) || (ret && from.pos == from.size && !to.pos))
			break;	/* damaged, or cut short */
	}
	ZSTD_freeDStream(stream);
	return ret ? "its zstd compression is damaged or too large" : NULL;
}

/* Nothing but zeros, as a block device or tape leaves behind a file? gzip ignores those. */
static bool is_padding(const z_stream *stream)
{
	size_t i;

	for (i = 0; i < stream->avail_in; i++)
		if (stream->next_in[i])
			return false;
	return true;
}

/* A file has one member or more. */
static const char *unpack_gzip(const struct buffer *in, struct buffer *out)
{
	z_stream stream = { .next_in = in->data, .avail_in = in->size };
	int ret = Z_OK;

	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return "out of memory";
	while (ret == Z_OK) {
		if (out->size == out->room && !grow(out))
			break;
		stream.next_out = out->data + out->size;
		stream.avail_out = out->room - out->size;
		ret = inflate(&stream, Z_NO_FLUSH);
		out->size = out->room - stream.avail_out;
		if (ret == Z_STREAM_END && !is_padding(&stream))
			ret = inflateReset(&stream);
	}
	inflateEnd(&stream);
	return ret == Z_STREAM_END ? NULL : "its gzip compression is damaged or too large";
}

static const struct {
	const char *magic;
	size_t len;
	uint8_t free_bits;	/* of the first byte */
	const char *(*unpack)(const struct buffer *in, struct buffer *out);
} formats[] = {
	{ "\xfd\x37zXZ", 6, 0, unpack_xz },
	{ "\x28\xb5\x2f\xfd", 4, 0, unpack_zstd },
	{ "\x50\x2a\x4d\x18", 4, 0x0f, unpack_zstd },	/* a frame to be skipped */
	{ "\x1f\x8b", 2, 0, unpack_gzip },
};

static bool begins_with(const struct buffer *in, size_t format)
{
	const char *magic = formats[format].magic;
	size_t len = formats[format].len;

	return in->size >= len && !((in->data[0] ^ magic[0]) & 0xff & ~formats[format].free_bits) &&
	       !memcmp(in->data + 1, magic + 1, len - 1);
}

static const char *slurp(const char *path, struct buffer *in)
{
	struct stat st;
	ssize_t got = 1;
	int fd;

	/* To open a pipe waits for its other end, and a device may do something. */
	if (stat(path, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file: write what it gives to one, and name that";
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	while (got > 0) {
		if (in->size == in->room && !grow(in)) {
			close(fd);
			return "it is too large for a module";
		}
		got = read(fd, in->data + in->size, in->room - in->size);
		if (got > 0)
			in->size += got;
	}
	close(fd);
	return got < 0 ? strerror(errno) : NULL;
}

bool audit_unpack(const void *data, size_t size, void **unpacked, size_t *unpacked_size,
		  const char **why)
{
	struct buffer in = { .data = (uint8_t *)data, .size = size }, out = { 0 };
	size_t i;

	*why = NULL;
	*unpacked = NULL;
	*unpacked_size = 0;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!begins_with(&in, i))
			continue;
		*why = formats[i].unpack(&in, &out);
		if (*why) {
			free(out.data);
			return true;
		}
		*unpacked = out.data;
		*unpacked_size = out.size;
		return true;
	}
	return false;
}

void *audit_read_file(const char *path, size_t *size, char **error)
{
	struct buffer in = { 0 };
	const char *why = slurp(path, &in);
	void *unpacked;
	size_t unpacked_size;

	if (!why && audit_unpack(in.data, in.size, &unpacked, &unpacked_size, &why)) {
		free(in.data);
		in = (struct buffer){ .data = unpacked, .size = unpacked_size };
	}
	if (why) {
		free(in.data);
		*error = format("%s", why);
		return NULL;
	}
	*size = in.size;
	return in.data;
}

bool audit_is_module_name(const char *name)
{
	static const char * const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };
	size_t len = strlen(name);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && !strcmp(name + len - n, suffixes[i]))
			return true;
	}
	return false;
}
