DROP TABLE second_factor_rejections;
