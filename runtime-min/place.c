/* SPDX-License-Identifier: BSD-2-Clause */
/* Positions of files that several programs share, in objects of their own. */
#include "place.h"
#include "pipe_ring.h"

struct rt_place {
	struct twz_rt_object object;
	struct rt_ring *ring; /* only its position, lock and members are used */
};

static void release(struct rt_place *place)
{
	twz_rt_object_release(&place->object);
	twz_rt_free(place, sizeof(*place), 8);
}

static struct rt_place *map_place(struct twz_id id)
{
	struct rt_place *place = twz_rt_malloc(sizeof(*place), 8, TWZ_MALLOC_ZERO);
	if (place == NULL)
		return NULL;
	if (twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &place->object) < 0) {
		twz_rt_free(place, sizeof(*place), 8);
		return NULL;
	}
	place->ring = (struct rt_ring *)(place->object.start + TWZ_BASE_OFFSET);
	return place;
}

void rt_place_make(struct rt_file *file)
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_DATA};
	struct twz_id id;
	if (file->ops->kind != TWZ_FILE_REGULAR || file->ops->pass == NULL ||
	    __atomic_load_n(&file->place, __ATOMIC_ACQUIRE) != NULL ||
	    twz_rt_object_create(&spec, &id) < 0)
		return;
	struct rt_place *place = map_place(id);
	if (place == NULL || rt_ring_format(place->ring) < 0 ||
	    rt_ring_join(place->ring, rt_self_view(), false) < 0) {
		if (place != NULL)
			release(place);
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
		return;
	}
	rt_lock(&file->lock);
	bool first = file->place == NULL;
	if (first) {
		place->ring->position = file->position;
		__atomic_store_n(&file->place, place, __ATOMIC_RELEASE);
	}
	rt_unlock(&file->lock);
	if (!first) {
		release(place);
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
	}
}

void rt_place_adopt(struct rt_file *file, struct twz_id id)
{
	if (file->ops->kind != TWZ_FILE_REGULAR || twz_id_is_none(id))
		return;
	struct rt_place *place = map_place(id);
	if (place != NULL && rt_ring_check(place->ring) < 0) {
		release(place);
		place = NULL;
	}
	file->place = place;
}

struct twz_id rt_place_id(const struct rt_file *file)
{
	return file->place != NULL ? file->place->object.id : TWZ_ID_NONE;
}

void rt_place_share(struct rt_file *file, struct twz_id child)
{
	if (file->place == NULL || rt_ring_lock(file->place->ring) < 0)
		return;
	rt_ring_join(file->place->ring, child, false);
	rt_ring_unlock(file->place->ring);
}

/* With the ring's lock held, which it gives back. */
static void leave(struct rt_place *place)
{
	bool last = rt_ring_leave(place->ring, rt_self_view(), false);
	rt_ring_unlock(place->ring);
	if (last)
		twz_rt_object_cmd(place->object.id, TWZ_OBJECT_DELETE, 0);
}

void rt_place_close(struct rt_file *file)
{
	struct rt_place *place = file->place;
	if (place == NULL)
		return;
	rt_ring_bury_dead(place->ring);
	if (rt_ring_lock(place->ring) >= 0)
		leave(place);
	release(place);
	file->place = NULL;
}

void rt_place_end(struct rt_file *file)
{
	if (file->place != NULL && rt_ring_try_lock(file->place->ring))
		leave(file->place);
}

twz_result rt_place_lock(struct rt_file *file, uint64_t **position)
{
	rt_lock(&file->lock);
	*position = &file->position;
	if (file->place == NULL)
		return 0;
	twz_result result = rt_ring_lock(file->place->ring);
	if (result < 0) {
		rt_unlock(&file->lock);
		return result;
	}
	*position = &file->place->ring->position;
	return 0;
}

void rt_place_unlock(struct rt_file *file)
{
	if (file->place != NULL)
		rt_ring_unlock(file->place->ring);
	rt_unlock(&file->lock);
}
