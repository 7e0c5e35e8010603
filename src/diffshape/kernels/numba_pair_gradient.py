"""The gradient of squared distances between chosen pairs of points, on the CPU: a cloud is summed by one thread."""

from numba import njit


@njit(cache=True, nogil=True)
def pair_gradient(task, x, y, indices, weights, x_gradient, y_gradient) -> None:
    """Gradient of sum_ik w_ik |x_i - y_j(i, k)|^2 for the cloud number ``task``, in the order of the points.

    Args:
        task: Number of the cloud, from 0 to B - 1.
        x: (B, N, D) points.
        y: (B, M, D) points of the same dtype.
        indices: (B, N, K) int64, places in ``y``.
        weights: (B, N, K).
        x_gradient: (B, N, D), receives 2 sum_k w_ik (x_i - y_j).
        y_gradient: (B, M, D), receives 2 sum_ik w_ik (y_j - x_i) over the pairs that chose j.
    """
    y_gradient[task] = 0
    for i in range(x.shape[1]):
        for axis in range(x.shape[2]):
            x_gradient[task, i, axis] = 0
        for k in range(indices.shape[2]):
            j, weight = indices[task, i, k], 2 * weights[task, i, k]
            for axis in range(x.shape[2]):
                pull = weight * (x[task, i, axis] - y[task, j, axis])
                x_gradient[task, i, axis] += pull
                y_gradient[task, j, axis] -= pull
