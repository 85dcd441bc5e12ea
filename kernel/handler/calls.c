/* SPDX-License-Identifier: BSD-2-Clause */
/* The handler calls of programs: arguments are checked here, the dispatcher does the work. */
#include <cpu.h>
#include <heap.h>
#include <security.h>
#include <string.h>
#include <syscall.h>
#include <user.h>
#include "dispatch.h"

/* The object of an id in the caller's program with the needed rights. */
static twz_result find(struct twz_id id, uint32_t rights, struct object **out)
{
	struct view *view = current_thread()->view;
	struct object *object = object_find_in(view, id);
	twz_result result;

	if (!object)
		return -TWZ_ERR_NO_SUCH_OBJECT;
	result = security_check(view, object, rights);
	if (result < 0) {
		object_put(object);
		return result;
	}
	*out = object;
	return TWZ_OK;
}

/* Where the image's bytes stand in its object, and how many there are. */
static twz_result image_extent(struct object *object, uint64_t *base, uint64_t *available)
{
	struct twz_object_meta meta;
	twz_result result;

	*base = 0;
	*available = TWZ_SLOT_SIZE;
	if (object->flags & TWZ_OBJECT_RAW)
		return TWZ_OK;
	result = object_read(object, TWZ_META_OFFSET, &meta, sizeof(meta));
	if (result < 0)
		return result;
	if (meta.magic != TWZ_META_MAGIC || meta.size > TWZ_META_OFFSET - TWZ_BASE_OFFSET)
		return -TWZ_ERR_CORRUPT;
	*base = TWZ_BASE_OFFSET;
	*available = meta.size;
	return TWZ_OK;
}

static twz_result find_outputs(const struct twz_handler_spec *spec, struct handler_version *version)
{
	uint32_t count = version->program->image->output_count;
	struct twz_id id;
	twz_result result = TWZ_OK;

	if (spec->output_count != count)
		return -TWZ_ERR_INVALID_ARGUMENT;
	version->outputs = kernel_alloc_array(count ? count : 1, sizeof(*version->outputs));
	if (!version->outputs)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count && result >= 0; i++) {
		result = copy_from_user(&id, &spec->outputs[i], sizeof(id));
		if (result >= 0)
			result = find(id, TWZ_RIGHT_WRITE, &version->outputs[i]);
		if (result >= 0 && version->outputs[i]->flags & (TWZ_OBJECT_RAW | OBJECT_CONTROL))
			result = -TWZ_ERR_INVALID_ARGUMENT;
	}
	return result;
}

static twz_result make_version(const struct twz_handler_spec *spec, struct handler_version **out)
{
	struct handler_version *version = kernel_alloc(sizeof(*version));
	uint64_t available;
	twz_result result;

	if (!version)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = find(spec->image, TWZ_RIGHT_READ, &version->source);
	if (result >= 0)
		result = image_extent(version->source, &version->source_base, &available);
	if (result >= 0)
		result = program_load(version->source, version->source_base, available,
				      &version->program, &version->state);
	if (result >= 0)
		result = find_outputs(spec, version);
	if (result < 0) {
		version_free(version);
		return result;
	}
	*out = version;
	return TWZ_OK;
}

twz_result sys_handler_register(const struct twz_handler_spec *user_spec)
{
	struct twz_handler_spec spec;
	struct request *request;
	twz_result result = copy_from_user(&spec, user_spec, sizeof(spec));

	if (result < 0)
		return result;
	request = request_make(REQUEST_REGISTER, 0);
	if (!request)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = make_version(&spec, &request->version);
	if (result >= 0)
		result = request_send(request);
	request_put(request);
	return result;
}

static twz_result send_named(enum request_kind kind, const char *name, uint64_t length,
			     const void *payload, uint64_t size)
{
	struct request *request;
	twz_result result;

	if (size > TWZ_HANDLER_PAYLOAD_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	request = request_make(kind, size);
	if (!request)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = copy_name_from_user(request->name, sizeof(request->name), name, length);
	if (result >= 0 && size)
		result = copy_from_user(request->payload, payload, size);
	if (result >= 0)
		result = request_send(request);
	request_put(request);
	return result;
}

twz_result sys_handler_remove(const char *name, uint64_t length)
{
	return send_named(REQUEST_REMOVE, name, length, NULL, 0);
}

twz_result sys_handler_rollback(const char *name, uint64_t length)
{
	return send_named(REQUEST_ROLLBACK, name, length, NULL, 0);
}

twz_result sys_handler_emit(const char *event, uint64_t length, const void *payload, uint64_t size)
{
	return send_named(REQUEST_EMIT, event, length, payload, size);
}

twz_result sys_handler_stat(uint64_t index, struct twz_handler_stat *out)
{
	struct twz_handler_stat *stat = kernel_alloc(sizeof(*stat));
	twz_result result = -TWZ_ERR_NOT_FOUND;
	uint64_t flags;

	if (!stat)
		return -TWZ_ERR_OUT_OF_MEMORY;
	flags = spin_lock(&handlers_lock);
	LIST_FOR_EACH (node, &handlers) {
		if (index-- == 0) {
			*stat = LIST_ENTRY(node, struct handler, node)->stat;
			result = TWZ_OK;
			break;
		}
	}
	spin_unlock(&handlers_lock, flags);
	if (result >= 0)
		result = copy_to_user(out, stat, sizeof(*stat));
	kernel_free(stat);
	return result;
}
