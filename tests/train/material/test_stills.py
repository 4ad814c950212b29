import numpy as np
from vdup.train.material.stills import slate, still


def test_a_still_is_one_picture_for_so_many_frames() -> None:
    picture = slate((96, 54))
    frames = still(picture, 7)
    assert frames.shape == (7, 54, 96, 3)
    assert (frames == np.asarray(picture)).all()
    assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 2, "there is text on it"
