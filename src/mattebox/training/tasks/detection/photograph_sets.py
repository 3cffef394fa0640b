"""Which sets of the cutout data set detector training uses beside the labelled archives, and for what."""

from __future__ import annotations

from mattebox.training.tasks.detection.labelled_pictures import PhotographSets

# sets with people: faces are labelled by a teacher, in this order of use
PEOPLE_SETS = {
    "flickr8k": 330, "osie": 700, "ccp": 500, "humanseg290": 250, "clothing_unl": 250, "taming_openimages": 200,
    "taming_coco": 120, "coco_taming": 80, "coco_small": 60, "pascal10_core": 572, "icoseg": 496,
    "voc12val_panels": 252,
    "vocdemo_voc": 64, "vocdemo_sbd": 61, "ccp_unlabelled": 60, "voc_vehicles": 220, "voc_animals": 220,
    "imagenette": 560,
    "caltech_bg_google": 300, "magento_white": 250, "pacs": 500, "instruments": 400, "nips2017": 600,
    "imagenet_samples_unl": 600, "corel1k": 300, "caltech101_unl": 600, "sketchsearch": 700, "boats": 100,
    "roadsigns": 129, "cars_jvyou": 161, "davis16": 88,
}  # fmt: skip
# sets without people: what is found on them is false
OBJECT_SETS = {
    "feralcats": 200, "butterfly": 100, "flowers17": 100, "weizmann_horses": 80, "cats81": 81, "msu_animals": 56,
    "raccoon": 75, "kangaroo": 75, "panda": 50, "squirrel_monkey": 100, "monkeys": 120, "antsbees": 60, "fruit": 63,
    "trash": 107, "houses_bg": 250, "houses_front": 100, "grocery_unl": 60, "dreambooth": 80, "webanimals": 80,
}  # fmt: skip
PLATES_UNKNOWN = frozenset({"cars_jvyou", "voc_vehicles", "corel1k", "houses_front", "imagenette", "sketchsearch"})
PHOTOGRAPH_SETS = PhotographSets(PEOPLE_SETS, OBJECT_SETS, PLATES_UNKNOWN)
