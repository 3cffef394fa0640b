"""The field's own networks for masks, in plain torch: U-Net, DeepLabV3+, U2-Net. One file each; none knows of files."""
