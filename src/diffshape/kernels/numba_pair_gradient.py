"""The gradient of squared distances between chosen pairs of points, on the CPU: a cloud is summed by one thread."""

from diffshape.kernels.compiled import compiled


@compiled
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
    x, y, indices, weights = x[task], y[task], indices[task], weights[task]
    x_gradient, y_gradient = x_gradient[task], y_gradient[task]
    x_gradient[:] = 0
    y_gradient[:] = 0
    for i in range(len(x)):
        for k in range(indices.shape[1]):
            j, weight = indices[i, k], 2 * weights[i, k]
            for axis in range(x.shape[1]):
                pull = weight * (x[i, axis] - y[j, axis])
                x_gradient[i, axis] += pull
                y_gradient[j, axis] -= pull
