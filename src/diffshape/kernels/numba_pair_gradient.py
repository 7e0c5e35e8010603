"""The gradient of squared distances between chosen pairs of points, on the CPU: a cloud is summed by one thread."""

from diffshape.kernels.compiled import compiled


@compiled
def pair_gradient(task, x, y, indices, weights, x_gradient, y_gradient) -> None:
    """Add the gradient of sum_ik w_ik |x_i - y_j(i, k)|^2 for the cloud number ``task``, in the order of the points.

    Args:
        task: Number of the cloud, from 0 to B - 1.
        x: (B, N, D) points.
        y: (B, M, D) points of the same dtype.
        indices: (B, N, K) int64, places in ``y``.
        weights: (B, N, K).
        x_gradient: (B, N, D), to which 2 sum_k w_ik (x_i - y_j) is added.
        y_gradient: (B, M, D), to which 2 sum_ik w_ik (y_j - x_i) is added over the pairs that chose j.
    """
    x, y, indices, weights = x[task], y[task], indices[task], weights[task]
    x_gradient, y_gradient = x_gradient[task], y_gradient[task]
    for i in range(len(x)):
        for k in range(indices.shape[1]):
            j, weight = indices[i, k], 2 * weights[i, k]
            for axis in range(x.shape[1]):
                pull = weight * (x[i, axis] - y[j, axis])
                x_gradient[i, axis] += pull
                y_gradient[j, axis] -= pull


@compiled
def both_gradients(task, x, y, x_indices, y_indices, x_weights, y_weights, x_gradient, y_gradient) -> None:
    """`pair_gradient` of the pairs that the points of x chose, and then of those that the points of y chose."""
    pair_gradient(task, x, y, x_indices, x_weights, x_gradient, y_gradient)
    pair_gradient(task, y, x, y_indices, y_weights, y_gradient, x_gradient)
