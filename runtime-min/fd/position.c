/* SPDX-License-Identifier: BSD-2-Clause */
/* Positions of files that several programs share, in objects of their own. */
#include "fd/position.h"
#include "fd/pipe_ring.h"

struct rt_position {
	struct twz_rt_object object;
	struct rt_ring *ring; /* only its position, lock and members are used */
};

static void release(struct rt_position *shared)
{
	twz_rt_object_release(&shared->object);
	twz_rt_free(shared, sizeof(*shared), 8);
}

static struct rt_position *map_position(struct twz_id id)
{
	struct rt_position *shared = twz_rt_malloc(sizeof(*shared), 8, TWZ_MALLOC_ZERO);
	if (shared == NULL)
		return NULL;
	if (twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &shared->object) < 0) {
		twz_rt_free(shared, sizeof(*shared), 8);
		return NULL;
	}
	shared->ring = (struct rt_ring *)(shared->object.start + TWZ_BASE_OFFSET);
	return shared;
}

void rt_position_make(struct rt_file *file)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_DATA};
	struct twz_id id;
	if (file->ops->kind != TWZ_FILE_REGULAR || file->ops->pass == NULL ||
	    __atomic_load_n(&file->shared, __ATOMIC_ACQUIRE) != NULL ||
	    twz_rt_object_create(&spec, &id) < 0)
		return;
	struct rt_position *shared = map_position(id);
	if (shared == NULL || rt_ring_format(shared->ring) < 0 ||
	    rt_ring_join(shared->ring, rt_self_view(), false) < 0) {
		if (shared != NULL)
			release(shared);
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
		return;
	}
	rt_lock(&file->lock);
	bool first = file->shared == NULL;
	if (first) {
		shared->ring->position = file->position;
		__atomic_store_n(&file->shared, shared, __ATOMIC_RELEASE);
	}
	rt_unlock(&file->lock);
	if (!first) {
		release(shared);
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
	}
}

void rt_position_adopt(struct rt_file *file, struct twz_id id)
{
	if (file->ops->kind != TWZ_FILE_REGULAR || twz_id_is_none(id))
		return;
	struct rt_position *shared = map_position(id);
	if (shared != NULL && rt_ring_check(shared->ring) < 0) {
		release(shared);
		shared = NULL;
	}
	file->shared = shared;
}

struct twz_id rt_position_id(const struct rt_file *file)
{
	return file->shared != NULL ? file->shared->object.id : TWZ_ID_NONE;
}

void rt_position_share(struct rt_file *file, struct twz_id child)
{
	if (file->shared == NULL || rt_ring_lock(file->shared->ring) < 0)
		return;
	rt_ring_join(file->shared->ring, child, false);
	rt_ring_unlock(file->shared->ring);
}

/* With the ring's lock held, which it gives back. */
static void leave(struct rt_position *shared)
{
	bool last = rt_ring_leave(shared->ring, rt_self_view(), false);
	rt_ring_unlock(shared->ring);
	if (last)
		twz_rt_object_cmd(shared->object.id, TWZ_OBJECT_DELETE, 0);
}

void rt_position_close(struct rt_file *file)
{
	struct rt_position *shared = file->shared;
	if (shared == NULL)
		return;
	rt_ring_bury_dead(shared->ring);
	if (rt_ring_lock(shared->ring) >= 0)
		leave(shared);
	release(shared);
	file->shared = NULL;
}

void rt_position_end(struct rt_file *file)
{
	if (file->shared != NULL && rt_ring_try_lock(file->shared->ring))
		leave(file->shared);
}

twz_result rt_position_lock(struct rt_file *file, uint64_t **position)
{
	rt_lock(&file->lock);
	*position = &file->position;
	if (file->shared == NULL)
		return 0;
	twz_result result = rt_ring_lock(file->shared->ring);
	if (result < 0) {
		rt_unlock(&file->lock);
		return result;
	}
	*position = &file->shared->ring->position;
	return 0;
}

void rt_position_unlock(struct rt_file *file)
{
	if (file->shared != NULL)
		rt_ring_unlock(file->shared->ring);
	rt_unlock(&file->lock);
}
